internal import Crypto
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
    }

    let manifest: Manifest
    /// Digest of the manifest: it identifies the content.
    let digest: String
    /// The format version as the file writes it, as in `1.0`.
    let version: String
    // Declared before the file: the group is closed first.
    private let root: HDF5.Group
    private let file: HDF5.File
    /// Bytes of the file: no dataset can hold more.
    let byteCount: Int
    private let path: String

    /// Opens a file and checks everything but the datasets' contents: rules 1 to 8.
    ///
    /// - Parameter versions: the format versions that are taken; a file of any other is refused by its name.
    init(_ path: String, knowing versions: [String], session: borrowing HDF5.Session) throws(CheckpointError) {
        let file = try Self.openFile(path, session)
        let root = try Self.root(of: file)
        let byteCount = try Self.byteCount(of: file)
        // The version first: a later one may change everything else.
        let version = try Self.version(root, versions, path)
        let attributes = try Self.attributes(root, path)
        guard case .string(let digest) = attributes[FileLayout.manifestDigest] else {
            throw .broken(.rootAttributes, "'\(path)' does not name its manifest's digest.")
        }
        let manifest = try Self.manifest(root, digest: digest, attributes, path)
        try manifest.check(fileBytes: byteCount, path)
        try Self.checkObjects(of: root, manifest, path)
        self.path = path
        self.version = version
        self.digest = digest
        self.manifest = manifest
        self.byteCount = byteCount
        self.root = root
        self.file = file
    }

    private static func openFile(
        _ path: String, _ session: borrowing HDF5.Session
    ) throws(CheckpointError) -> HDF5.File {
        do { return try session.openFile(path, mode: .readOnly, locking: .none) } catch {
            if error.code == .fileMissing {
                throw CheckpointError(
                    code: .missing, message: "There is no file '\(path)'; check the path.", underlying: error)
            }
            if let number = error.systemErrorNumber, number == EACCES || number == EPERM || number == EIO {
                throw CheckpointError(
                    code: .inputOutput, message: "'\(path)' cannot be read: \(error)", underlying: error)
            }
            throw .broken(.isHDF5, "'\(path)' is no readable HDF5 file: \(error)", error)
        }
    }

    /// The format version, one of those known.
    private static func version(
        _ root: borrowing HDF5.Group, _ known: [String], _ path: String
    ) throws(CheckpointError) -> String {
        func text(_ name: String) -> String? {
            // Whatever it is instead, it does not name the format.
            guard case .string(let text)? = try? root.attribute(name) else { return nil }
            return text
        }
        guard text(FileLayout.format) == FileLayout.formatName, let version = text(FileLayout.version) else {
            throw .broken(.rootAttributes, "'\(path)' is no checkpoint: it does not name the format.")
        }
        guard known.contains(version) else {
            throw CheckpointError(
                code: .unsupportedVersion,
                message: "'\(path)' has format version \(version); this program knows "
                    + "\(known.joined(separator: ", ")). Update swift-dqn to read it.",
                rule: Rule.version.rawValue)
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
            for name in try root.attributeNames(limit: 64) { values[name] = try root.attribute(name) }
            return values
        } catch {
            throw .broken(.rootAttributes, "'\(path)' has a root attribute that cannot be read: \(error)", error)
        }
    }

    private static func manifest(
        _ root: borrowing HDF5.Group, digest: String, _ attributes: [String: HDF5.AttributeValue], _ path: String
    ) throws(CheckpointError) -> Manifest {
        let bytes: [UInt8]
        do {
            bytes = try root.read(FileLayout.manifest, as: UInt8.self, byteLimit: Limit.manifestBytes)
        } catch { throw .broken(.manifestDigest, "'\(path)' has no readable manifest: \(error)", error) }
        guard SHA256.hash(data: bytes).hexadecimal == digest else {
            throw .broken(.manifestDigest, "'\(path)' is damaged: its manifest is not the one it was written with.")
        }
        let manifest: Manifest
        do { manifest = try JSONDecoder().decode(Manifest.self, from: Data(bytes)) } catch {
            throw .broken(.manifestContent, "'\(path)' has a manifest that is not of the format: \(error)", error)
        }
        var named = attributes.mapValues(\.text)
        named[FileLayout.manifestDigest] = nil
        guard manifest.attributes == named,
            Set(named.keys) == [
                FileLayout.format, FileLayout.version, FileLayout.writer, FileLayout.writerVersion,
                FileLayout.agentSteps,
            ], case .int64 = attributes[FileLayout.agentSteps]
        else { throw .broken(.rootAttributes, "'\(path)' has root attributes that are not those of its manifest.") }
        return manifest
    }

    /// Walks the whole file: only groups and datasets, each by one hard link, without attributes, all of them listed.
    private static func checkObjects(
        of root: borrowing HDF5.Group, _ manifest: Manifest, _ path: String
    ) throws(CheckpointError) {
        var found: [String] = []
        do { try walk(root, "", depth: 0, path, &found) } catch let error as CheckpointError { throw error } catch {
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
        _ root: borrowing HDF5.Group, _ group: String, depth: Int, _ path: String, _ found: inout [String]
    ) throws {
        guard depth <= Limit.depth, found.count <= Limit.datasets else {
            throw CheckpointError.broken(.objects, "'\(path)' has more or deeper objects than a checkpoint can have.")
        }
        let names = group.isEmpty ? try root.memberNames() : try root.openGroup(group).memberNames()
        if names.isEmpty { throw CheckpointError.broken(.completeness, "'\(path)' has the empty group /\(group).") }
        for name in names {
            let member = group.isEmpty ? name : "\(group)/\(name)"
            switch try root.member(member) {
            case .object(.group, links: 1, attributes: 0): try walk(root, member, depth: depth + 1, path, &found)
            case .object(.dataset, links: 1, attributes: 0): found.append(member)
            default:
                throw CheckpointError.broken(
                    .objects, "'\(path)' has at /\(member) something else than a group or dataset of its own.")
            }
        }
    }

    /// Opens a listed dataset after checking its type, shape and storage against the manifest.
    private func open(_ entry: Manifest.Entry) throws(CheckpointError) -> HDF5.Dataset {
        do {
            return try root.openDataset(
                entry.path, as: HDF5.ElementType(entry.type), shape: entry.shape, byteLimit: byteCount)
        } catch {
            throw .broken(.types, "'\(path)' does not hold /\(entry.path) as its manifest says: \(error)", error)
        }
    }

    /// Reads a dataset in runs of whole rows and checks its digest.
    ///
    /// - Parameter rowsPerRun: rows of a run; as many as fit ``Limit/runBytes`` where it is nil.
    func forEachRun(
        of entry: Manifest.Entry, rowsPerRun: Int? = nil,
        _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let dataset = try open(entry)
        let rows = entry.shape.first ?? 1
        let rowBytes = entry.shape.dropFirst().reduce(entry.type.byteCount, *)
        let run = rowsPerRun ?? max(1, Limit.runBytes / max(rowBytes, 1))
        var digest = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(run, max(rows, 1)) * rowBytes, alignment: 64)
        defer { buffer.deallocate() }
        for start in stride(from: 0, to: rows, by: run) {
            let range = start..<min(start + run, rows)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(range.count * rowBytes)])
            do {
                if range.count == rows { try dataset.read(into: part) } else { try dataset.readRows(range, into: part) }
            } catch { throw .broken(.digests, "'\(path)' cannot be read at /\(entry.path): \(error)", error) }
            digest.update(bufferPointer: UnsafeRawBufferPointer(part))
            try body(UnsafeRawBufferPointer(part))
        }
        try check(digest, entry)
    }

    private func check(_ digest: SHA256, _ entry: Manifest.Entry) throws(CheckpointError) {
        guard digest.finalize().hexadecimal == entry.sha256 else {
            throw .broken(.digests, "'\(path)' is damaged: /\(entry.path) is not what was written.")
        }
    }

    /// Reads a whole dataset into memory that the caller gives, and checks its digest.
    func read(_ entry: Manifest.Entry, into memory: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
        let dataset = try open(entry)
        do { try dataset.read(into: memory) } catch {
            throw .broken(.digests, "'\(path)' cannot be read at /\(entry.path): \(error)", error)
        }
        var digest = SHA256()
        digest.update(bufferPointer: UnsafeRawBufferPointer(memory))
        try check(digest, entry)
    }
}
