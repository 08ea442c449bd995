internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A damaged file in a form that libhdf5 can open: the file itself, or a copy with corrected signature and length.
///
/// libhdf5 refuses a file that is shorter than its header claims. The copy has zeros for the missing bytes, which
/// cannot pass for content, since every dataset must still match its digest. `deinit` removes the copy.
struct MendedFile: ~Copyable {
    /// The length of the header with signature, version, sizes, addresses and checksum.
    private static let headerBytes = 48
    /// The position in the header of the file's length, which includes the bytes before the header.
    private static let lengthOffset = 28
    /// The maximum number of zeros added to a copy. They use no disk space, but a false length must not fill the disk.
    private static let mostMissing = 1 << 40

    /// The file to open.
    let path: String
    private let isCopy: Bool

    /// - Parameter copy: The path for a copy, if one is needed.
    init(_ source: String, copy: String) throws(CheckpointError) {
        let head: Data
        let size: Int
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: source))
            defer { try? file.close() }
            size = Int(clamping: try file.seekToEnd())
            try file.seek(toOffset: 0)
            head = try file.read(upToCount: Seal.byteCount + Self.headerBytes) ?? Data()
        } catch { throw Self.failure(source, error) }
        guard let base = Self.base(of: head) else {
            throw .broken(.isHDF5, "'\(source)' has no HDF5 part, neither at its beginning nor after a seal.")
        }
        let header = Array(head.dropFirst(base).prefix(Self.headerBytes))
        let length = header.dropFirst(Self.lengthOffset).prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let needed = length <= UInt64(size + Self.mostMissing) ? Int(length) : size
        guard needed > size || !header.starts(with: Seal.signature) else {
            path = source
            isCopy = false
            return
        }
        unlink(copy)
        do {
            try FileManager.default.copyItem(atPath: source, toPath: copy)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: copy))
            try file.seek(toOffset: UInt64(base))
            try file.write(contentsOf: Data(Seal.signature))
            if needed > size { try file.truncate(atOffset: UInt64(needed)) }
            try file.close()
        } catch {
            unlink(copy)
            throw Self.failure(source, error)
        }
        path = copy
        isCopy = true
    }

    deinit { if isCopy { unlink(path) } }

    /// Returns the start of the HDF5 part, if at least half of its signature matches.
    private static func base(of head: Data) -> Int? {
        let candidates = [0, Seal.byteCount].map { base in
            (base, zip(head.dropFirst(base), Seal.signature).count { $0 == $1 })
        }
        guard let best = candidates.max(by: { $0.1 < $1.1 }), best.1 >= Seal.signature.count / 2 else { return nil }
        return best.0
    }

    private static func failure(_ path: String, _ error: any Error) -> CheckpointError {
        CheckpointError(
            code: .inputOutput, message: "'\(path)' could not be read or copied: \(systemReason(error)).",
            underlying: error)
    }
}
