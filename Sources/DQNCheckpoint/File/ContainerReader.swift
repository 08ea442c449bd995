internal import DQNModel
internal import Foundation
internal import HDF5

/// A checkpoint file opened for reading, whose root attributes, manifest and list of objects have been checked.
///
/// Lives within one `HDF5.perform`. What is read through it is checked against the manifest's digests; nothing else
/// of the file is believed.
struct ContainerReader: ~Copyable {
    /// Limits on what a file may ask a reader to hold, far above what any network needs.
    enum Limit {
        static let manifestBytes = 1 << 26
        static let documentBytes = 1 << 26
        static let datasets = 1 << 18
        static let depth = 16
        /// Within a core's cache: what is read is hashed before it leaves it.
        static let runBytes = 1 << 18
        /// How much larger than its compressed form deflate's format lets anything be.
        static let inflation = 1032
        static let chunkBytes = 1 << 28
        /// Less than a chunk and its entry in the file's index take.
        static let leastChunkBytes = 16
        /// Bytes of chunks that are inflated at a time, on all cores.
        static let batchBytes = 1 << 25
    }

    let manifest: Manifest
    /// What identifies the file: its seal's digest, or the manifest's where it has no seal.
    let digest: String
    /// The format version as the file writes it, as in `1.0`.
    let version: String
    /// How the file stores its datasets.
    let layout: ContainerLayout
    // Whether datasets are compared with their own digests, though the seal vouches for them.
    let checksDigests: Bool
    /// What the file is read for.
    let purpose: ReadingPurpose
    /// What broke a rule, unless that is thrown.
    let findings = Findings()
    // Declared before the file: the group is closed first.
    let root: HDF5.Group
    private let file: HDF5.File
    /// Bytes of the file: no dataset can hold more.
    let byteCount: Int
    let path: String

    /// Opens a file and checks everything but the datasets' contents: rules 1 to 8.
    ///
    /// - Parameters:
    ///   - seal: what stands where the seal belongs.
    ///   - versions: the format versions that are taken; a file of any other is refused by its name.
    ///   - checksDigests: whether what is read of a sealed file is compared with its datasets' digests, too.
    ///   - purpose: what it is read for.
    init(
        _ path: String, seal: SealStatus, knowing versions: [ContainerVersion], checksDigests: Bool = false,
        for purpose: ReadingPurpose = .loading, session: borrowing HDF5.Session
    ) throws(CheckpointError) {
        let file = try Self.openFile(path, session)
        try Self.checkUserBlock(of: file, seal)
        let root = try Self.root(of: file)
        let byteCount = try Self.byteCount(of: file)
        // The version first: a later one may change everything else.
        let version = try Self.version(root, versions, seal, path)
        let attributes = try Self.attributes(root, path)
        guard case .string(let digest) = attributes[FileLayout.manifestDigest] else {
            throw .broken(.rootAttributes, "'\(path)' does not name its manifest's digest.")
        }
        let manifest = try Self.manifest(root, digest: digest, path)
        try Self.check(attributes, manifest, path)
        try manifest.check(fileBytes: byteCount, version.layout, path)
        try Self.checkObjects(of: root, manifest, path)
        self.path = path
        self.version = version.name
        layout = version.layout
        if case .verified(let seal) = seal {
            self.digest = seal.digest
            self.checksDigests = checksDigests
        } else {
            self.digest = digest
            self.checksDigests = true
        }
        self.manifest = manifest
        self.purpose = purpose
        self.byteCount = byteCount
        self.root = root
        self.file = file
    }

    /// Opens what is left of a damaged file to save what is provably intact of it: what has the digest that a manifest
    /// lists which itself has the digest that the root names. A seal, the other attributes and what else there may be
    /// are not looked at.
    ///
    /// - Parameter name: the file's path in messages, where `path` is a mended copy.
    init(
        salvaging path: String, named name: String, knowing versions: [ContainerVersion],
        session: borrowing HDF5.Session
    ) throws(CheckpointError) {
        let file = try Self.openFile(path, session)
        let root = try Self.root(of: file)
        let byteCount = try Self.byteCount(of: file)
        guard case .string(let digest)? = try? root.attribute(FileLayout.manifestDigest) else {
            throw .broken(.rootAttributes, "'\(name)' does not name its manifest's digest.")
        }
        let manifest = try Self.manifest(root, digest: digest, name)
        let version = manifest.attributes[FileLayout.version] ?? ""
        guard let known = versions.first(where: { $0.name == version }) else {
            throw .unsupported(version, name, known: versions.map(\.name))
        }
        try manifest.check(fileBytes: byteCount, known.layout, name)
        self.path = name
        layout = known.layout
        self.version = version
        self.digest = digest
        checksDigests = true
        self.manifest = manifest
        purpose = .salvaging
        self.byteCount = byteCount
        self.root = root
        self.file = file
    }

    private static func openFile(
        _ path: String, _ session: borrowing HDF5.Session
    ) throws(CheckpointError) -> HDF5.File {
        do { return try session.openFile(path, mode: .readOnly) } catch {
            if error.code == .fileMissing {
                throw CheckpointError(
                    code: .missing, message: "There is no file '\(path)'; check the path.", underlying: error)
            }
            if error.code == .libraryUnavailable {
                throw CheckpointError(
                    code: .inputOutput, message: "'\(path)' cannot be read: \(error)", underlying: error)
            }
            if let number = error.systemErrorNumber, number == EACCES || number == EPERM || number == EIO {
                throw CheckpointError(
                    code: .inputOutput, message: "'\(path)' cannot be read: \(error)", underlying: error)
            }
            throw .broken(.isHDF5, "'\(path)' is no readable HDF5 file: \(error)", error)
        }
    }

    /// Room for a seal where there is one, and nowhere else.
    private static func checkUserBlock(of file: borrowing HDF5.File, _ seal: SealStatus) throws(CheckpointError) {
        let found: Int
        do { found = try file.userBlockByteCount() } catch {
            throw .broken(.isHDF5, "'\(file.path)' has no readable HDF5 header: \(error)", error)
        }
        guard found == (seal.version == nil ? 0 : Seal.byteCount) else {
            throw .broken(.isHDF5, "'\(file.path)' has its HDF5 part at byte \(found), not behind its seal.")
        }
    }

    /// The format version, one of those known, and the seal's.
    private static func version(
        _ root: borrowing HDF5.Group, _ known: [ContainerVersion], _ seal: SealStatus, _ path: String
    ) throws(CheckpointError) -> ContainerVersion {
        func text(_ name: String) -> String? {
            // Whatever it is instead, it does not name the format.
            guard case .string(let text)? = try? root.attribute(name) else { return nil }
            return text
        }
        guard text(FileLayout.format) == FileLayout.formatName, let name = text(FileLayout.version) else {
            throw .broken(.rootAttributes, "'\(path)' is no checkpoint: it does not name the format.")
        }
        guard let version = known.first(where: { $0.name == name }) else {
            throw .unsupported(name, path, known: known.map(\.name))
        }
        guard seal.version == (version.layout == .sealed ? name : nil) else {
            throw .broken(
                .seal, "'\(path)' names format \(name) inside, but its seal \(seal.version ?? "is missing").")
        }
        return version
    }

    private static func root(of file: borrowing HDF5.File) throws(CheckpointError) -> HDF5.Group {
        do { return try file.root() } catch {
            throw .broken(.isHDF5, "'\(file.path)' has no root group: \(error)", error)
        }
    }

    private static func byteCount(of file: borrowing HDF5.File) throws(CheckpointError) -> Int {
        do { return try file.byteCount() } catch {
            throw CheckpointError(
                code: .inputOutput, message: "The size of '\(file.path)' cannot be told: \(error)", underlying: error)
        }
    }

    /// The writer that the file names.
    var writer: Writer {
        Writer(
            name: manifest.attributes[FileLayout.writer] ?? "",
            version: manifest.attributes[FileLayout.writerVersion] ?? "")
    }

    /// Exactly the attributes of the format, each of its type.
    private static func attributes(
        _ root: borrowing HDF5.Group, _ path: String
    ) throws(CheckpointError) -> [String: HDF5.AttributeValue] {
        do {
            var values: [String: HDF5.AttributeValue] = [:]
            let names = FileLayout.rootAttributes
            for name in names { values[name] = try root.attribute(name) }
            let count = try root.attributeCount()
            guard count == names.count else {
                throw HDF5Error(code: .limitExceeded, message: "It has \(count) of them, not \(names.count).")
            }
            return values
        } catch {
            throw .broken(.rootAttributes, "'\(path)' has a root attribute that cannot be read: \(error)", error)
        }
    }

    private static func manifest(
        _ root: borrowing HDF5.Group, digest: String, _ path: String
    ) throws(CheckpointError) -> Manifest {
        let bytes: [UInt8]
        do {
            let dataset = try root.openDataset(FileLayout.manifest, as: .uint8, byteLimit: Limit.manifestBytes)
            guard dataset.shape.count == 1 else {
                throw HDF5Error(code: .wrongShape, message: "It has \(dataset.shape.count) axes, not one.")
            }
            var memory = [UInt8](repeating: 0, count: dataset.byteCount)
            try memory.withUnsafeMutableBytes { try dataset.read(into: $0) }
            bytes = memory
        } catch { throw .broken(.manifestDigest, "'\(path)' has no readable manifest: \(error)", error) }
        guard try FileDigest.hexadecimal(of: bytes) == digest else {
            throw .broken(.manifestDigest, "'\(path)' is damaged: its manifest is not the one it was written with.")
        }
        if let complaint = StrictJSON.complaint(about: bytes) {
            throw .broken(.manifestContent, "'\(path)' has a manifest that is no JSON to rely on: \(complaint).")
        }
        do { return try JSONDecoder().decode(Manifest.self, from: Data(bytes)) } catch {
            throw .broken(.manifestContent, "'\(path)' has a manifest that is not of the format: \(error)", error)
        }
    }

    /// The root attributes are those that the manifest lists, and no others.
    private static func check(
        _ attributes: [String: HDF5.AttributeValue], _ manifest: Manifest, _ path: String
    ) throws(CheckpointError) {
        var named = attributes.mapValues(\.text)
        named[FileLayout.manifestDigest] = nil
        guard manifest.attributes == named, case .int64 = attributes[FileLayout.agentSteps]
        else { throw .broken(.rootAttributes, "'\(path)' has root attributes that are not those of its manifest.") }
    }

    /// Walks the whole file: only groups and datasets, each by one hard link, without attributes, all of them listed.
    private static func checkObjects(
        of root: borrowing HDF5.Group, _ manifest: Manifest, _ path: String
    ) throws(CheckpointError) {
        var found: [String] = []
        do { try walk(root, "", depth: 0, path, listed: manifest.datasets.count + 1, &found) } catch let error
            as CheckpointError
        { throw error } catch {
            throw .broken(.objects, "'\(path)' has an object that cannot be read: \(error)", error)
        }
        let listed = Set(manifest.datasets.map(\.path)).union([FileLayout.manifest])
        if let extra = found.first(where: { !listed.contains($0) }) {
            throw .broken(.completeness, "'\(path)' holds /\(extra), which its manifest does not list.")
        }
        if let missing = listed.subtracting(found).min() {
            throw .broken(.completeness, "'\(path)' lacks /\(missing), which its manifest lists.")
        }
    }

    private static func walk(
        _ root: borrowing HDF5.Group, _ group: String, depth: Int, _ path: String, listed: Int,
        _ found: inout [String]
    ) throws {
        guard depth <= Limit.depth else {
            throw CheckpointError.broken(.objects, "'\(path)' has deeper objects than a checkpoint can have.")
        }
        // A few groups whose headers deny that they are linked many times lead to more paths than anybody can walk.
        guard found.count <= listed else {
            throw CheckpointError.broken(.completeness, "'\(path)' holds more than the \(listed) datasets it lists.")
        }
        let names = group.isEmpty ? try root.memberNames() : try root.openGroup(group).memberNames()
        if names.isEmpty { throw CheckpointError.broken(.completeness, "'\(path)' has the empty group /\(group).") }
        for name in names {
            let member = group.isEmpty ? name : "\(group)/\(name)"
            switch try root.member(member) {
            case .object(.group, links: 1, attributes: 0):
                try walk(root, member, depth: depth + 1, path, listed: listed, &found)
            case .object(.dataset, links: 1, attributes: 0): found.append(member)
            default:
                throw CheckpointError.broken(
                    .objects, "'\(path)' has at /\(member) something else than a group or dataset of its own.")
            }
        }
    }
}
