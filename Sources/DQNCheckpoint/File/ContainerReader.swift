internal import DQNModel
internal import Foundation
internal import HDF5

/// A checkpoint file open for reading, with checked root attributes, manifest and list of objects.
///
/// It exists within one `HDF5.perform`. Every read is checked against the manifest's digests.
struct ContainerReader: ~Copyable {
    let manifest: Manifest
    /// Identifies the file: the digest of its seal or, without a seal, of its manifest.
    let digest: String
    /// The format version as the file writes it, as in `1.0`.
    let version: String
    /// How the file stores its datasets.
    let layout: ContainerLayout
    // Whether datasets are compared with their own digests although the seal covers them.
    let checksDigests: Bool
    /// Why the file is read.
    let purpose: ReadingPurpose
    /// Broken rules, unless they are thrown.
    let findings = Findings()
    // Declared before the file so that the group is closed first.
    let root: HDF5.Group
    private let file: HDF5.File
    /// Bytes of the file; an upper bound for every contiguous dataset.
    let byteCount: Int
    let path: String

    /// Opens a file and checks everything except the contents of datasets: rules 1 to 8.
    ///
    /// - Parameters:
    ///   - seal: The state of the file's seal.
    ///   - versions: The accepted format versions.
    ///   - checksDigests: Whether datasets of a sealed file are also compared with their own digests.
    ///   - purpose: Why the file is read.
    init(
        _ path: String, seal: SealStatus, knowing versions: [ContainerVersion], checksDigests: Bool = false,
        for purpose: ReadingPurpose = .loading, session: borrowing HDF5.Session
    ) throws(CheckpointError) {
        let file = try Self.openFile(path, session)
        try Self.checkUserBlock(of: file, seal)
        let root = try Self.root(of: file)
        let byteCount = try Self.byteCount(of: file)
        // The version comes first: a later one may change everything else.
        let version = try Self.version(root, versions, seal, path)
        let attributes = try Self.attributes(root, path)
        guard case .string(let digest) = attributes[FileLayout.manifestDigest] else {
            throw .broken(.rootAttributes, "'\(path)' lacks the digest of its manifest.")
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

    /// Opens a damaged file to recover what is provably intact: datasets that match the digests of a manifest that
    /// itself matches the digest in the root attributes. Ignores the seal, the other attributes and unlisted objects.
    ///
    /// - Parameter name: The file's path for messages, if `path` is a mended copy.
    init(
        salvaging path: String, named name: String, knowing versions: [ContainerVersion],
        session: borrowing HDF5.Session
    ) throws(CheckpointError) {
        let file = try Self.openFile(path, session)
        let root = try Self.root(of: file)
        let byteCount = try Self.byteCount(of: file)
        guard case .string(let digest)? = try? root.attribute(FileLayout.manifestDigest) else {
            throw .broken(.rootAttributes, "'\(name)' lacks the digest of its manifest.")
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
                    code: .inputOutput, message: "'\(path)' could not be read: \(error)", underlying: error)
            }
            if let number = error.systemErrorNumber, number == EACCES || number == EPERM || number == EIO {
                throw CheckpointError(
                    code: .inputOutput, message: "'\(path)' could not be read: \(error)", underlying: error)
            }
            throw .broken(.isHDF5, "'\(path)' is not a readable HDF5 file: \(error)", error)
        }
    }

    /// Checks that the file has a user block exactly if it has a seal.
    private static func checkUserBlock(of file: borrowing HDF5.File, _ seal: SealStatus) throws(CheckpointError) {
        let found: Int
        do { found = try file.userBlockByteCount() } catch {
            throw .broken(.isHDF5, "'\(file.path)' has no readable HDF5 header: \(error)", error)
        }
        guard found == (seal.version == nil ? 0 : Seal.byteCount) else {
            throw .broken(.isHDF5, "'\(file.path)' has its HDF5 part at byte \(found), not after its seal.")
        }
    }

    /// Returns the format version, which must be known and match the seal.
    private static func version(
        _ root: borrowing HDF5.Group, _ known: [ContainerVersion], _ seal: SealStatus, _ path: String
    ) throws(CheckpointError) -> ContainerVersion {
        func text(_ name: String) -> String? {
            // Any other type does not name the format.
            guard case .string(let text)? = try? root.attribute(name) else { return nil }
            return text
        }
        guard text(FileLayout.format) == FileLayout.formatName, let name = text(FileLayout.version) else {
            throw .broken(.rootAttributes, "'\(path)' is not a checkpoint: it does not name the format.")
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
                code: .inputOutput, message: "The size of '\(file.path)' could not be determined: \(error)",
                underlying: error)
        }
    }

    /// The writer named in the file.
    var writer: Writer {
        Writer(
            name: manifest.attributes[FileLayout.writer] ?? "",
            version: manifest.attributes[FileLayout.writerVersion] ?? "")
    }

    /// Returns the root attributes, which must be exactly those of the format.
    private static func attributes(
        _ root: borrowing HDF5.Group, _ path: String
    ) throws(CheckpointError) -> [String: HDF5.AttributeValue] {
        do {
            var values: [String: HDF5.AttributeValue] = [:]
            let names = FileLayout.rootAttributes
            for name in names { values[name] = try root.attribute(name) }
            let count = try root.attributeCount()
            guard count == names.count else {
                throw HDF5Error(
                    code: .limitExceeded, message: "There are \(count) root attributes, not \(names.count).")
            }
            return values
        } catch {
            throw .broken(.rootAttributes, "'\(path)' has an unreadable root attribute: \(error)", error)
        }
    }

    private static func manifest(
        _ root: borrowing HDF5.Group, digest: String, _ path: String
    ) throws(CheckpointError) -> Manifest {
        let bytes: [UInt8]
        do {
            let dataset = try root.openDataset(FileLayout.manifest, as: .uint8, byteLimit: Limit.manifestBytes)
            guard dataset.shape.count == 1 else {
                throw HDF5Error(code: .wrongShape, message: "The manifest has \(dataset.shape.count) axes, not one.")
            }
            var memory = [UInt8](repeating: 0, count: dataset.byteCount)
            try memory.withUnsafeMutableBytes { try dataset.read(into: $0) }
            bytes = memory
        } catch { throw .broken(.manifestDigest, "'\(path)' has no readable manifest: \(error)", error) }
        guard try FileDigest.hexadecimal(of: bytes) == digest else {
            throw .broken(.manifestDigest, "'\(path)' is damaged: its manifest does not match its digest.")
        }
        let document: JSONValue
        do { document = try JSONText.value(of: bytes, valueLimit: Limit.manifestValues) } catch {
            throw .broken(.manifestContent, "'\(path)' has invalid JSON in its manifest: \(error).")
        }
        do { return try Manifest(document) } catch {
            throw .broken(.manifestContent, "'\(path)' has a manifest that does not match the format: \(error).")
        }
    }

    /// Checks that the root attributes are exactly those in the manifest.
    private static func check(
        _ attributes: [String: HDF5.AttributeValue], _ manifest: Manifest, _ path: String
    ) throws(CheckpointError) {
        var named = attributes.mapValues(\.text)
        named[FileLayout.manifestDigest] = nil
        guard manifest.attributes == named, case .int64 = attributes[FileLayout.agentSteps]
        else { throw .broken(.rootAttributes, "'\(path)' has root attributes that differ from those in its manifest.") }
    }

    /// Walks the whole file: it may contain only listed datasets and their groups, each with one hard link and without
    /// attributes.
    private static func checkObjects(
        of root: borrowing HDF5.Group, _ manifest: Manifest, _ path: String
    ) throws(CheckpointError) {
        var found: [String] = []
        do { try walk(root, "", depth: 0, path, listed: manifest.datasets.count + 1, &found) } catch let error
            as CheckpointError
        { throw error } catch {
            throw .broken(.objects, "'\(path)' has an unreadable object: \(error)", error)
        }
        let listed = Set(manifest.datasets.map(\.path)).union([FileLayout.manifest])
        if let extra = found.first(where: { !listed.contains($0) }) {
            throw .broken(.completeness, "'\(path)' contains /\(extra), which its manifest does not list.")
        }
        if let missing = listed.subtracting(found).min() {
            throw .broken(.completeness, "'\(path)' lacks /\(missing), which its manifest lists.")
        }
    }

    private static func walk(
        _ parent: borrowing HDF5.Group, _ group: String, depth: Int, _ path: String, listed: Int,
        _ found: inout [String]
    ) throws {
        guard depth <= Limit.depth else {
            throw CheckpointError.broken(.objects, "'\(path)' has objects more than \(Limit.depth) levels deep.")
        }
        // A few groups whose headers hide that they are linked many times form too many paths to walk.
        guard found.count <= listed else {
            throw CheckpointError.broken(
                .completeness, "'\(path)' contains more than the \(listed) datasets that it lists.")
        }
        let names = try parent.memberNames()
        if names.isEmpty { throw CheckpointError.broken(.completeness, "'\(path)' has the empty group /\(group).") }
        for name in names {
            let member = group.isEmpty ? name : "\(group)/\(name)"
            switch try parent.member(name) {
            case .object(.group, links: 1, attributes: 0):
                try walk(try parent.openGroup(name), member, depth: depth + 1, path, listed: listed, &found)
            case .object(.dataset, links: 1, attributes: 0): found.append(member)
            default:
                throw CheckpointError.broken(
                    .objects, "'\(path)' has an object at /\(member) that is not a plain group or dataset.")
            }
        }
    }
}
