internal import DQNModel
internal import DQNSupport
internal import Foundation

/// The first 512 bytes of a file from format 2.0 on: format, file length and the digest of everything after them.
///
/// HDF5 ignores such a block. Three values determine all of its bytes, and a block with any other byte is refused.
/// Damage after it is detected before libhdf5 parses anything.
struct Seal: Equatable, Sendable {
    static let byteCount = 512
    private static let magic = "swift-dqn checkpoint "
    /// HDF5's signature, with which a file without a seal begins.
    static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

    /// The format version.
    let version: String
    /// Bytes of the whole file, including this block.
    let fileBytes: Int
    /// SHA-256 of everything after the block in lower-case hexadecimal; it identifies the file.
    let digest: String

    /// The 512 bytes of the block.
    var bytes: [UInt8] {
        let length = String(fileBytes)
        let digits = String(repeating: "0", count: max(0, 20 - length.count)) + length
        let text = Array("\(Self.magic)\(version)\nlength \(digits)\nsha256 \(digest)\n".utf8)
        return text + [UInt8](repeating: 0, count: max(0, Self.byteCount - text.count))
    }

    /// Whether bytes may be the beginning of a checkpoint that is being written: with a seal, with room for one, or
    /// without.
    static func mayBegin(_ beginning: [UInt8]) -> Bool {
        beginning.allSatisfy { $0 == 0 } || beginning.starts(with: signature) || beginning.starts(with: magic.utf8)
    }

    /// Checks the seal of a file, if it has one, against the whole file.
    ///
    /// Cost: one pass of SHA-256 over a file with a seal; otherwise only the beginning is read.
    /// - Parameter versions: The accepted versions.
    /// - Returns: `absent` for a file that begins with HDF5's signature (before 2.0), otherwise `verified`.
    static func check(_ path: String, knowing versions: [ContainerVersion]) throws(CheckpointError) -> SealStatus {
        let file = try OpenFile(path)
        let block = try file.read(Self.byteCount)
        if block.starts(with: signature) { return .absent }
        let seal = try parse(block, path, knowing: versions)
        guard block == seal.bytes else {
            throw .broken(.seal, "'\(path)' is damaged: its first \(byteCount) bytes are not a valid seal.")
        }
        let size = file.byteCount
        guard size == seal.fileBytes else {
            throw .broken(.sealedContent, "'\(path)' has \(size) bytes, but was written with \(seal.fileBytes).")
        }
        guard try file.digestOfRest() == seal.digest else {
            throw .broken(.sealedContent, "'\(path)' is damaged: it does not match its seal's digest.")
        }
        return .verified(seal)
    }

    /// Returns the seal for a finished file whose first block is still empty. Cost: one pass of SHA-256.
    static func make(for path: String, version: String) throws(CheckpointError) -> Seal {
        let file = try OpenFile(path)
        _ = try file.read(byteCount)
        return Seal(version: version, fileBytes: file.byteCount, digest: try file.digestOfRest())
    }

    /// Returns the digest in a damaged file's seal, if it is still readable.
    static func claimedDigest(of path: String, knowing versions: [ContainerVersion]) -> String? {
        guard let file = try? OpenFile(path), let block = try? file.read(byteCount),
            let seal = try? parse(block, path, knowing: versions)
        else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        return seal.digest.utf8.count == 64 && seal.digest.utf8.allSatisfy(digits.contains) ? seal.digest : nil
    }

    private static func parse(
        _ block: [UInt8], _ path: String, knowing versions: [ContainerVersion]
    ) throws(CheckpointError) -> Seal {
        guard block.starts(with: magic.utf8) else {
            let words = ForeignFile.words(path).map { "it is \($0). \(ForeignFile.remedy)" }
            throw .broken(
                .isHDF5,
                "'\(path)' is not a checkpoint: "
                    + (words ?? "it begins neither with a seal nor with HDF5's signature."))
        }
        // The version first: a later one may change everything else.
        let line = block.dropFirst(magic.utf8.count).prefix { $0 != 10 }
        let version = String(decoding: line, as: UTF8.self)
        let numbers = version.split(separator: ".", omittingEmptySubsequences: false)
        guard line.endIndex < block.endIndex, line.count <= 16, numbers.count == 2,
            numbers.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { throw .broken(.seal, "'\(path)' is damaged: its seal has no valid version.") }
        guard versions.contains(where: { $0.name == version }) else {
            throw .unsupported(version, path, known: versions.map(\.name))
        }
        let text = String(decoding: block.prefix { $0 != 0 }, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[1].hasPrefix("length "), let length = Int(lines[1].dropFirst(7)), length >= 0,
            lines[2].hasPrefix("sha256 ")
        else { throw .broken(.seal, "'\(path)' is damaged: its seal has no valid length and digest.") }
        return Seal(version: version, fileBytes: length, digest: String(lines[2].dropFirst(7)))
    }
}

/// A file read once from beginning to end.
private struct OpenFile: ~Copyable {
    private let file: RegularFile
    private let path: String
    private var descriptor: Int32 { file.descriptor }

    init(_ path: String) throws(CheckpointError) {
        self.path = path
        do throws(SystemError) { file = try RegularFile(path, followingLinks: true) } catch {
            throw Self.failure("opened", path, error)
        }
    }

    var byteCount: Int { file.byteCount }

    /// Returns the next bytes; fewer at the end of the file.
    func read(_ count: Int) throws(CheckpointError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let found = bytes.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress.map { $0 + filled }, count - filled)
            }
            if found == 0 { break }
            if found > 0 { filled += found } else if errno != EINTR { throw Self.failure("read", path) }
        }
        return Array(bytes.prefix(filled))
    }

    /// Returns the SHA-256 of the unread rest.
    func digestOfRest() throws(CheckpointError) -> String {
        var digest = try FileDigest()
        // Fits in a core's cache, so that data is hashed while it is still there.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let found = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
            if found == 0 { return digest.finalize().hexadecimal }
            if found > 0 {
                digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<found]))
            } else if errno != EINTR {
                throw Self.failure("read", path)
            }
        }
    }

    private static func failure(
        _ what: String, _ path: String, _ error: SystemError = SystemError(errno)
    ) -> CheckpointError {
        if error.number == ENOENT {
            return CheckpointError(code: .missing, message: "There is no file '\(path)'; check the path.")
        }
        return DurableFile.failure(what, path, error)
    }
}
