import Foundation
import HDF5
import Testing

/// Files of `Fixtures/hostile` whose superblock, root group's header or attributes libhdf5 must not see: it decodes them
/// in `H5Fopen` and in the first calls after it. Checksums are valid.
struct SuperblockTests {
    private func failure(
        _ name: String, _ body: @Sendable (borrowing HDF5.Group) throws(HDF5Error) -> Void = { _ in }
    ) -> HDF5Error? {
        let path = HostileFileTests.folder.appendingPathComponent("../hostile/rule-\(name)-2.0.h5").path
        return HDF5.perform { session in
            do throws(HDF5Error) {
                let file = try session.openFile(path, mode: .readOnly)
                let root = try file.root()
                try body(root)
                return nil
            } catch {
                return error
            }
        }
    }

    /// The file and a part of the error. No call of libhdf5 fails, since none is made.
    static let beginnings: [(file: String, says: String)] = [
        ("superblock-of-version-3", "a superblock of version 3, which HDF5 1.10 and later write"),
        ("superblock-of-version-4", "a superblock of version 4"),
        ("superblock-with-addresses-of-4-bytes", "addresses of 4 bytes"),
        ("superblock-with-lengths-of-2-bytes", "lengths of 2 bytes"),
        ("superblock-of-an-unfinished-change", "flags of an unfinished change"),
        ("superblock-of-another-place", "a superblock of another place"),
        ("superblock-with-an-end-beyond-the-file", "it was cut short"),
        ("superblock-with-an-end-before-its-own", "an end before its superblock's"),
        ("superblock-with-a-root-beyond-the-end", "a header that is cut short"),
        ("superblock-with-a-root-at-itself", "a header of an unknown version"),
        ("superblock-with-a-root-nowhere", "a header that is cut short"),
        ("superblock-with-a-wrong-checksum", "a superblock with a wrong checksum"),
        ("superblock-with-an-extension", "an extension of its superblock"),
        ("superblock-leading-to-a-dataset", "no group at its root"),
        ("old-superblock-with-nodes-of-another-size", "groups with nodes of another size"),
        ("old-superblock-with-trees-of-another-size", "groups with nodes of another size"),
        ("old-superblock-with-a-table-of-free-space", "a table of free space"),
        ("old-superblock-with-a-drivers-block", "a driver's block"),
        ("old-superblock-with-an-end-beyond-the-file", "it was cut short"),
        ("old-superblock-with-another-table-of-the-root", "two different tables of its root group"),
        ("old-superblock-with-a-root-of-an-unknown-kind", "a root group of an unknown kind"),
        ("root-header-of-4-gib", "a header of 4294967288 bytes"),
        ("root-header-beyond-the-end", "a header beyond the end of the file"),
        ("root-header-cut-short", "a header that is cut short"),
        ("root-header-with-a-wrong-checksum", "a header with a wrong checksum"),
        ("root-header-with-a-short-continuation", "a header that is cut short"),
        ("root-header-with-an-empty-continuation", "an invalid continuation block"),
        ("root-header-with-a-short-count-of-links", "a header that is cut short"),
        ("root-header-with-short-link-info", "a header that is cut short"),
        ("root-header-with-messages-of-an-extension", "a header message of type 24"),
        ("root-header-with-a-link-of-an-unknown-kind", "a link of an unknown kind"),
    ]

    @Test(arguments: beginnings)
    func refusesFilesBeforeTheLibraryOpensThem(_ hostile: (file: String, says: String)) {
        let failure = failure("1-\(hostile.file)")
        #expect(failure?.code == .layoutNotAllowed)
        #expect(failure?.message.contains(hostile.says) ?? false, "\(String(describing: failure))")
        #expect(failure?.operation == nil && failure?.stack.isEmpty == true)
    }

    @Test(arguments: [
        ("header-of-a-group-of-4-gib", "workers/0", "a header of 4294967288 bytes"),
        ("header-of-a-dataset-of-4-gib", "parameters/online/head/bias", "a header of 4294967288 bytes"),
        ("header-of-a-group-with-short-continuations", "workers/0", "a header that is cut short"),
        ("header-of-a-dataset-with-short-continuations", "parameters/online/head/bias", "a header that is cut short"),
    ])
    func refusesHeadersBeforeTheLibraryLoadsThem(_ file: String, _ path: String, _ says: String) {
        let failure = failure("6-\(file)") { root throws(HDF5Error) in _ = try root.member(path) }
        #expect(failure?.code == .layoutNotAllowed)
        #expect(failure?.message.contains(says) ?? false, "\(String(describing: failure))")
        #expect(failure?.operation == nil && failure?.stack.isEmpty == true)
    }

    @Test(arguments: [
        ("of-an-unknown-version", "an attribute of an unknown version"),
        ("with-a-name-of-64-kib", "a header that is cut short"),
        ("with-a-name-of-no-byte", "an attribute whose name does not end where it must"),
        ("with-a-type-of-64-kib", "a header that is cut short"),
        ("with-a-type-of-4-bytes", "a header that is cut short"),
        ("with-extents-of-64-kib", "a header that is cut short"),
        ("with-a-name-that-does-not-end", "an attribute whose name does not end where it must"),
    ])
    func refusesAttributesBeforeTheLibraryDecodesThem(_ file: String, _ says: String) {
        // The library decodes all attributes to find one.
        for name in ["writer", "none"] {
            let failure = failure("2-attribute-\(file)") { root throws(HDF5Error) in _ = try root.attribute(name) }
            #expect(failure?.code == .layoutNotAllowed)
            #expect(failure?.message.contains(says) ?? false, "\(String(describing: failure))")
            #expect(failure?.operation == nil && failure?.stack.isEmpty == true)
        }
    }
}
