internal import DQNModel

/// A zip archive in memory, read by its central directory. Entries are stored or deflated; nothing is written to disk.
///
/// Refused: encryption, other compression, several volumes, names that leave the archive or occur twice, entries that
/// overlap one another or the directory, sizes that contradict their local header, and more content than ``Limit``
/// allows. Zip64 sizes are read as PyTorch writes them.
struct ZipArchive: Sendable {
    /// Bounds for untrusted archives.
    enum Limit {
        static let entries = 65_536
        static let nameBytes = 4096
        /// Bytes of all entries together after decompression, for an archive of a size.
        static func contentBytes(_ byteCount: Int) -> Int { min((1 << 26) + 32 * byteCount, 1 << 32) }
        /// Deflate cannot compress more than this.
        static let expansion = 1032
    }

    /// A file of the archive.
    struct Entry: Sendable {
        let name: String
        let isDeflated: Bool
        let checksum: UInt32
        /// Where its bytes are in the archive.
        let stored: Range<Int>
        /// The size after decompression.
        let byteCount: Int
    }

    /// The files, in the order of the directory.
    let entries: [Entry]
    private let bytes: ArraySlice<UInt8>
    private let indices: [String: Int]
    private let name: String
    /// The size of the file that the archive is in: its own, or that of the archive around it.
    let fileByteCount: Int

    /// Whether bytes begin as archives do.
    static func isArchive(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) || bytes.starts(with: [0x50, 0x4B, 0x05, 0x06])
    }

    /// Reads the directory and checks every entry's place.
    ///
    /// - Parameter outer: The archive that this one is a file of. What both may decompress to is in proportion to that
    ///   one's size; otherwise a bomb in a bomb would multiply.
    /// - Throws: ``InterchangeError`` (`malformed`).
    init(_ bytes: ArraySlice<UInt8>, _ name: String, within outer: ZipArchive? = nil) throws(InterchangeError) {
        self.bytes = bytes
        self.name = name
        fileByteCount = min(bytes.count, outer?.fileByteCount ?? bytes.count)
        let limit = Limit.contentBytes(fileByteCount)
        var directory = try ZipDirectory(bytes, name)
        var entries: [Entry] = []
        var indices: [String: Int] = [:]
        var total = 0
        while let entry = try directory.next() {
            guard indices.updateValue(entries.count, forKey: entry.name) == nil else {
                throw .malformed("\(name) has the file '\(entry.name)' twice.")
            }
            let (sum, overflows) = total.addingReportingOverflow(entry.byteCount)
            guard !overflows, sum <= limit else {
                throw .malformed("\(name) would decompress to more than \(limit) bytes, far more than weights do.")
            }
            total = sum
            entries.append(entry)
        }
        try Self.requireDisjoint(directory.occupied, directory.start, name)
        self.entries = entries
        self.indices = indices
    }

    private static func requireDisjoint(
        _ occupied: [(range: Range<Int>, name: String)], _ directory: Int, _ name: String
    ) throws(InterchangeError) {
        var end = 0
        for (range, entry) in occupied.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            guard range.lowerBound >= end, range.upperBound <= directory else {
                throw .malformed("The file '\(entry)' of \(name) overlaps another one or the directory.")
            }
            end = range.upperBound
        }
    }

    /// Whether a file has this name.
    func contains(_ name: String) -> Bool { indices[name] != nil }

    /// Returns the bytes of a file, or `nil` if the archive has none of this name.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) if they cannot be decompressed or do not match their checksum.
    func contents(_ entryName: String) throws(InterchangeError) -> ArraySlice<UInt8>? {
        guard let index = indices[entryName] else { return nil }
        let entry = entries[index]
        let words = "The file '\(entryName)' of \(name)"
        let start = bytes.startIndex
        let stored = bytes[(start + entry.stored.lowerBound)..<(start + entry.stored.upperBound)]
        let contents = entry.isDeflated ? try Inflate.bytes(stored, count: entry.byteCount, words)[...] : stored
        guard Inflate.checksum(contents) == entry.checksum else {
            throw .malformed("\(words) does not match its checksum.")
        }
        return contents
    }

    /// Returns the bytes of a file that must be there.
    func required(_ entryName: String) throws(InterchangeError) -> ArraySlice<UInt8> {
        guard let contents = try contents(entryName) else { throw .malformed("\(name) lacks the file '\(entryName)'.") }
        return contents
    }
}
