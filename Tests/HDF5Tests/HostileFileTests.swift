import Foundation
import HDF5
import Testing

/// Files of other programs (`Fixtures/scripts/make_hostile_hdf5.py`) whose contents must be refused.
struct HostileFileTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/hdf5")

    private func code(
        _ name: String = "hostile.h5", _ body: @Sendable (borrowing HDF5.Group) throws(HDF5Error) -> Void
    ) -> HDF5Error.Code? {
        HDF5.perform { session in
            do throws(HDF5Error) {
                let file = try session.openFile(Self.folder.appendingPathComponent(name).path, mode: .readOnly)
                let root = try file.root()
                try body(root)
                return nil
            } catch {
                return error.code
            }
        }
    }

    private func readCode(_ path: String, in name: String = "hostile.h5") -> HDF5Error.Code? {
        code(name) { root throws(HDF5Error) in _ = try root.read(path, as: Float.self) }
    }

    @Test func readsAPlainDataset() {
        #expect(readCode("good/values") == nil)
    }

    @Test(arguments: ["sound-headers-first.h5", "sound-headers-second.h5"])
    func readsSoundHeaders(_ name: String) {
        #expect(readCode("filled", in: name) == nil)
        #expect(readCode("continued", in: name) == nil)
        let filtered = code(name) { root throws(HDF5Error) in
            try root.openDataset("filtered", as: .float32, allowing: [1, 2, 3]).close()
        }
        #expect(filtered == nil)
    }

    @Test(arguments: ["soft", "external"])
    func refusesOtherLinksAtTheEndOfAPath(_ path: String) {
        #expect(readCode(path) == .linkNotAllowed)
        #expect(code { root throws(HDF5Error) in _ = try root.inspectDataset(path) } == .linkNotAllowed)
        #expect(code { root throws(HDF5Error) in try root.openGroup(path).close() } == .linkNotAllowed)
    }

    @Test func refusesOtherLinksWithinAPath() {
        #expect(readCode("soft_group/values") == .wrongObject)
        #expect(code { root throws(HDF5Error) in try root.openGroup("soft_group").close() } == .linkNotAllowed)
        #expect(code { root throws(HDF5Error) in try root.requireGroups("soft_group/x") } == .linkNotAllowed)
    }

    @Test func countsHardLinks() {
        let counted = code { root throws(HDF5Error) in
            guard case .object(.dataset, links: 2, _) = try root.member("twice"),
                case .object(.group, let cycle, _) = try root.member("good/cycle"), cycle > 1,
                case .otherLink = try root.member("soft"), case .otherLink = try root.member("external")
            else { throw HDF5Error(code: .callFailed, message: "wrong numbers of links") }
        }
        #expect(counted == nil)
    }

    @Test(arguments: [
        "big_endian", "half", "compound", "fixed_text", "variable_text", "variable_floats", "references", "enumeration",
        "opaque", "of_named_type",
    ])
    func refusesOtherTypes(_ path: String) {
        #expect(readCode(path) == .wrongType)
    }

    @Test func refusesNamedTypes() {
        #expect(readCode("named_type") == .wrongObject)
    }

    @Test(arguments: [
        "chunked", "deflated", "fletcher", "shuffled", "never_written", "stored_elsewhere", "compact",
    ])
    func refusesOtherLayouts(_ path: String) {
        #expect(readCode(path) == .layoutNotAllowed)
    }

    /// Files of HDF5 1.10, which introduced virtual datasets, are not opened at all. A virtual dataset in an older file
    /// is not opened either, since libhdf5 would read its parts from a heap.
    @Test func refusesVirtualDatasets() {
        #expect(readCode("virtual", in: "virtual.h5") == .layoutNotAllowed)
        let inspected = code("../hostile/rule-8-virtual-2.0.h5") { root throws(HDF5Error) in
            _ = try root.inspectDataset("parameters/online/head/bias")
        }
        #expect(inspected == .layoutNotAllowed)
    }

    private static let bias = "parameters/online/head/bias"
    private static let replay = "workers/0/replay"

    /// Headers whose messages contradict each other, of files in `Fixtures/hostile`: the file, the dataset and a part
    /// of the error. libhdf5 1.10.8 crashes or never returns when it decodes some of them.
    static let contradictoryHeaders: [(file: String, path: String, says: String)] = [
        ("header-chunks-without-axes", "\(replay)/flags", "rank 1 and chunks of rank -1"),
        ("header-chunks-with-an-axis-less", "\(replay)/flags", "rank 1 and chunks of rank 0"),
        ("header-chunks-with-an-axis-more", "\(replay)/flags", "rank 1 and chunks of rank 2"),
        ("header-chunks-of-a-scalar", "\(replay)/flags", "rank 0 and chunks of rank 0"),
        ("header-chunks-of-0-rows", "\(replay)/flags", "chunks of [0, 1], which are empty"),
        ("header-chunks-of-elements-of-0-bytes", "\(replay)/flags", "chunks of other elements"),
        ("header-chunks-of-elements-of-0-bytes-each", "\(replay)/flags", "elements of [0] bytes"),
        ("header-chunks-of-larger-elements", "\(replay)/flags", "chunks of other elements"),
        ("header-chunks-of-smaller-elements", "\(replay)/actions", "chunks of other elements"),
        ("header-chunks-beyond-the-extents", "\(replay)/flags", "chunks beyond its extents"),
        ("header-chunks-of-4-gib", "\(replay)/actions", "of 4 GiB and more"),
        ("header-chunks-of-2-to-the-64-bytes", "\(replay)/frames", "of 4 GiB and more"),
        ("header-old-layout-without-axes", bias, "rank 1 and 0 extents in its layout"),
        ("header-old-layout-of-0-rows", "\(replay)/flags", "chunks of [0, 1], which are empty"),
        ("header-old-layout-with-an-axis-less", "\(replay)/flags", "rank 1 and chunks of rank 0"),
        ("header-elements-of-0-bytes", bias, "elements of [0] bytes"),
        ("header-two-spaces", bias, "2 dataspaces instead of one"),
        ("header-two-types", bias, "elements of [4, 4] bytes"),
        ("header-two-pipelines", "\(replay)/flags", "2 filter pipelines"),
        ("header-compact-and-too-short", bias, "4 bytes in its header"),
        ("header-compact-of-more-elements", bias, "8 bytes in its header"),
        ("chunks-found-in-a-circle", "\(replay)/flags", "chunks in a cyclic B-tree"),
        ("chunks-found-in-a-tree-without-an-end", "\(replay)/flags", "chunks in an invalid B-tree"),
        ("chunks-found-in-no-tree", "\(replay)/flags", "chunks at an invalid address"),
    ]

    @Test(arguments: contradictoryHeaders)
    func refusesContradictoryHeaders(_ hostile: (file: String, path: String, says: String)) {
        let url = Self.folder.appendingPathComponent("../hostile/rule-8-\(hostile.file)-2.0.h5")
        let failure: HDF5Error? = HDF5.perform { session in
            do throws(HDF5Error) {
                let file = try session.openFile(url.path, mode: .readOnly)
                let root = try file.root()
                _ = try root.inspectDataset(hostile.path)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure?.code == .layoutNotAllowed)
        #expect(failure?.message.contains(hostile.says) ?? false, "\(String(describing: failure))")
    }

    private static let state = "extensions/org.example/state"

    /// Groups with damaged storage of their links, and objects with attributes outside their headers, of files in
    /// `Fixtures/hostile`. libhdf5 1.10.8 crashes or never returns with most of them.
    static let damagedStorages: [(file: String, path: String, says: String)] = [
        ("1-group-members-in-a-circle-at-the-root", "", "links in a cyclic B-tree"),
        ("1-group-names-in-a-circle-at-the-root", "", "names in a cyclic heap"),
        ("6-group-members-in-a-circle", replay, "links in a cyclic B-tree"),
        ("6-group-members-in-a-tree-without-an-end", replay, "links in an invalid B-tree"),
        ("6-group-members-in-no-tree", replay, "links in a cyclic B-tree"),
        ("6-group-members-beyond-the-table", replay, "more links than its symbol table can hold"),
        ("6-group-member-with-a-name-beyond-the-heap", replay, "link names outside their heap"),
        ("6-group-names-in-a-circle", replay, "names in a cyclic heap"),
        ("6-group-names-free-beyond-the-heap", replay, "names in an invalid heap"),
        ("6-many-members-in-ways-that-meet", state, "links in a B-tree of an unknown kind"),
        ("6-many-members-in-ways-that-meet-soon", state, "links in a cyclic or too large B-tree"),
        ("6-many-members-in-a-tree-of-depth-65535", state, "links in a B-tree of an unknown kind"),
        ("6-many-members-in-nodes-of-16-bytes", state, "links in a B-tree of an unknown kind"),
        ("6-many-members-more-than-counted", state, "links in a B-tree with wrong counts"),
        ("6-many-members-beyond-the-node", state, "links in an invalid B-tree"),
        ("6-many-members-beyond-the-heap", state, "link names outside their heap"),
        ("6-many-members-in-a-block-of-another-place", state, "links in an invalid heap"),
        ("2-attributes-in-a-heap", "", "attributes outside its header"),
        ("2-attributes-beyond-the-node", "", "attributes outside its header"),
        ("2-attributes-in-records-of-0-bytes", "", "attributes outside its header"),
        ("6-attributes-of-a-group-in-records-of-0-bytes", "workers/0", "The group /workers/0 has attributes"),
        ("6-attributes-of-a-dataset-in-records-of-0-bytes", bias, "The dataset /\(bias) has attributes"),
    ]

    @Test(arguments: damagedStorages)
    func refusesDamagedLinkAndAttributeStorage(_ hostile: (file: String, path: String, says: String)) {
        let url = Self.folder.appendingPathComponent("../hostile/rule-\(hostile.file)-2.0.h5")
        let failure: HDF5Error? = HDF5.perform { session in
            do throws(HDF5Error) {
                let file = try session.openFile(url.path, mode: .readOnly)
                let root = try file.root()
                if hostile.path.isEmpty {
                    _ = try root.attribute("writer")
                } else {
                    _ = try root.contains(hostile.path)
                }
                return nil
            } catch {
                return error
            }
        }
        #expect(failure?.code == .layoutNotAllowed)
        #expect(failure?.message.contains(hostile.says) ?? false, "\(String(describing: failure))")
    }

    /// Fewer and more members than fit in a header, and in a node of a B-tree.
    @Test(arguments: [1, 8, 9, 45, 46, 600, 3000])
    func readsGroupsOfManyMembers(_ count: Int) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        let names = try HDF5.perform { session throws(HDF5Error) in
            let written = try session.createFile(url.path)
            let top = try written.root()
            for index in 0..<count { try top.createGroup("group-\(index)").close() }
            try top.close()
            try written.close()
            let file = try session.openFile(url.path, mode: .readOnly)
            let root = try file.root()
            guard try root.contains("group-\(count - 1)"), try !root.contains("group-\(count)") else {
                return [String]()
            }
            return try root.memberNames()
        }
        #expect(Set(names) == Set((0..<count).map { "group-\($0)" }))
        #expect(names.count == count)
    }

    @Test(arguments: ["in-an-old-layout", "in-the-old-layout-of-the-format"])
    func readsSoundOldLayouts(_ name: String) {
        #expect(readCode(Self.bias, in: "../hostile/sound-\(name)-2.0.h5") == nil)
    }

    @Test func refusesOtherElementsBeforeDecoding() {
        for path in ["compound", "variable_floats", "of_named_type"] {
            #expect(code { root throws(HDF5Error) in _ = try root.inspectDataset(path) } == .wrongType)
        }
        #expect(code { root throws(HDF5Error) in _ = try root.inspectDataset("big_endian") } == nil)
        #expect(code { root throws(HDF5Error) in _ = try root.inspectDataset("stored_elsewhere") } == .layoutNotAllowed)
    }

    @Test func refusesOtherShapes() {
        #expect(readCode("extendible") == .wrongShape)
        #expect(readCode("null") == .wrongShape)
        #expect(readCode("huge") == .limitExceeded)
        // 2^62 bytes: no overflow, but beyond any limit. Nothing is allocated.
        #expect(readCode("huge_product") == .limitExceeded)
    }

    @Test func allowsFiltersByNumber() {
        func open(_ path: String, _ allowed: Set<Int>) -> HDF5Error.Code? {
            code { root throws(HDF5Error) in try root.openDataset(path, as: .float32, allowing: allowed).close() }
        }
        #expect(open("chunked", []) == nil)
        #expect(open("deflated", []) == .layoutNotAllowed)
        #expect(open("deflated", [1]) == nil)
        #expect(open("fletcher", [1]) == .layoutNotAllowed)
        #expect(open("shuffled", [1]) == .layoutNotAllowed)
        #expect(open("virtual_none", [1]) == .objectMissing)
    }

    @Test(arguments: ["variable_text", "array", "small", "zero_inside", "not_text"])
    func refusesOtherAttributes(_ name: String) {
        #expect(code { root throws(HDF5Error) in _ = try root.attribute(name) } == .wrongType)
    }
}
