internal import DQNModel

/// Reads the central directory of a zip archive entry by entry.
struct ZipDirectory {
    /// Where the directory begins in the archive.
    let start: Int
    /// The places of the entries so far, with their local headers.
    private(set) var occupied: [(range: Range<Int>, name: String)] = []
    private let archive: ArraySlice<UInt8>
    private let name: String
    private var reader: ByteReader
    private var left: Int

    init(_ archive: ArraySlice<UInt8>, _ name: String) throws(InterchangeError) {
        self.archive = archive
        self.name = name
        let end = try Self.end(of: archive, name)
        guard end.count <= ZipArchive.Limit.entries else {
            throw .malformed("\(name) has \(end.count) files; at most \(ZipArchive.Limit.entries) are allowed.")
        }
        start = end.range.lowerBound
        left = end.count
        let first = archive.startIndex
        reader = ByteReader(
            archive[(first + end.range.lowerBound)..<(first + end.range.upperBound)], "The directory of \(name)")
    }

    /// Finds the directory by the record at the archive's end, which a comment may follow.
    private static func end(
        of archive: ArraySlice<UInt8>, _ name: String
    ) throws(InterchangeError) -> (range: Range<Int>, count: Int) {
        let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
        var place = archive.endIndex - 22
        let lowest = max(archive.startIndex, place - 65_535)
        while place >= lowest {
            if archive[place...].starts(with: signature) {
                let comment = Int(archive[place + 20]) | Int(archive[place + 21]) << 8
                if place + 22 + comment == archive.endIndex { break }
            }
            place -= 1
        }
        guard place >= lowest else { throw .malformed("\(name) is a zip archive without an end: it is cut off.") }
        var reader = ByteReader(archive[(place + 4)...], "The end of \(name)")
        let disk = try reader.number(2)
        let directoryDisk = try reader.number(2)
        let countHere = try reader.count(2)
        var count = try reader.count(2)
        var size = try reader.count(4)
        var offset = try reader.count(4)
        var limit = place - archive.startIndex
        guard disk == directoryDisk, disk == 0 || disk == 0xffff, countHere == count else {
            throw .malformed("\(name) is an archive of several volumes.")
        }
        // PyTorch writes a zip64 end even where the fields of the older one suffice; Python reads it then, too.
        let hasLargeEnd =
            place - 20 >= archive.startIndex && archive[(place - 20)...].starts(with: [0x50, 0x4B, 0x06, 0x07])
        if hasLargeEnd || count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
            let large = try largeEnd(archive, before: place, name)
            (count, size, offset, limit) = (large.count, large.size, large.offset, large.place)
        }
        guard offset <= limit, size <= limit - offset else {
            throw .malformed("The directory of \(name) lies outside the archive.")
        }
        // Other readers would take them for an archive that was moved, and read other files.
        guard offset + size == limit else {
            throw .malformed("\(name) has \(limit - offset - size) bytes between its directory and its end.")
        }
        return (offset..<(offset + size), count)
    }

    private static func largeEnd(
        _ archive: ArraySlice<UInt8>, before place: Int, _ name: String
    ) throws(InterchangeError) -> (count: Int, size: Int, offset: Int, place: Int) {
        let broken = InterchangeError.malformed("\(name) announces a zip64 directory and has none.")
        guard place - 20 >= archive.startIndex, archive[(place - 20)...].starts(with: [0x50, 0x4B, 0x06, 0x07]) else {
            throw broken
        }
        var locator = ByteReader(archive[(place - 16)..<place], "The zip64 locator of \(name)")
        _ = try locator.number(4)
        let position = try locator.count(8)
        guard position <= place - 20 - archive.startIndex - 56 else { throw broken }
        var reader = ByteReader(
            archive[(archive.startIndex + position)..<(place - 20)], "The zip64 end of \(name)")
        guard try reader.number(4) == 0x0606_4b50 else { throw broken }
        _ = try reader.take(8 + 2 + 2 + 4 + 4 + 8)
        return (try reader.count(8), try reader.count(8), try reader.count(8), position)
    }

    /// Returns the next file; folders are skipped.
    mutating func next() throws(InterchangeError) -> ZipArchive.Entry? {
        while left > 0 {
            left -= 1
            if let entry = try entry() { return entry }
        }
        guard reader.remaining == 0 else {
            throw .malformed("The directory of \(name) has more files than its end says.")
        }
        return nil
    }

    private mutating func entry() throws(InterchangeError) -> ZipArchive.Entry? {
        guard try reader.number(4) == 0x0201_4b50 else {
            throw .malformed("The directory of \(name) is damaged before byte \(reader.offset).")
        }
        _ = try reader.take(4)
        let flags = try reader.number(2)
        let method = try reader.number(2)
        _ = try reader.take(4)
        let checksum = UInt32(try reader.number(4))
        var sizes = (compressed: try reader.count(4), whole: try reader.count(4), header: 0)
        let lengths = (name: try reader.count(2), extra: try reader.count(2), comment: try reader.count(2))
        _ = try reader.take(2 + 2)
        let attributes = try reader.number(4)
        sizes.header = try reader.count(4)
        let entryName = try reader.text(try reader.take(lengths.name))
        try readLargeSizes(try reader.take(lengths.extra), &sizes)
        _ = try reader.take(lengths.comment)
        try check(entryName, flags, method)
        if entryName.utf8.last == UInt8(ascii: "/") { return nil }
        guard attributes >> 28 != 0xA else {
            throw .malformed("The file '\(entryName)' of \(name) is a symbolic link; store the file itself.")
        }
        guard method == 8 || sizes.compressed == sizes.whole,
            sizes.whole / ZipArchive.Limit.expansion <= sizes.compressed
        else {
            throw .malformed(
                "The file '\(entryName)' of \(name) announces \(sizes.whole) bytes from \(sizes.compressed), "
                    + "more than its compression can give.")
        }
        let start = try contentStart(entryName, sizes.header, sizes.compressed, method)
        return ZipArchive.Entry(
            name: entryName, isDeflated: method == 8, checksum: checksum, stored: start..<(start + sizes.compressed),
            byteCount: sizes.whole)
    }

    private func check(_ entryName: String, _ flags: UInt64, _ method: UInt64) throws(InterchangeError) {
        // Bytes, because a mark that combines with a character hides it from comparisons of texts.
        let text = entryName.utf8
        let slash = UInt8(ascii: "/")
        guard !text.isEmpty, text.count <= ZipArchive.Limit.nameBytes, !text.contains(0), text.first != slash,
            !text.contains(UInt8(ascii: "\\")),
            !text.split(separator: slash, omittingEmptySubsequences: false).contains(where: {
                $0.elementsEqual("..".utf8)
            })
        else { throw .malformed("\(name) has a file whose name leaves the archive: '\(entryName.prefix(200))'.") }
        guard flags & 1 == 0, flags & 0x40 == 0 else {
            throw .malformed("The file '\(entryName)' of \(name) is encrypted; decrypt the archive first.")
        }
        guard method == 0 || method == 8 else {
            throw .malformed(
                "The file '\(entryName)' of \(name) has compression method \(method); only stored and deflated files "
                    + "are supported.")
        }
    }

    /// Reads the sizes that the fields of four bytes cannot hold.
    private func readLargeSizes(
        _ extra: ArraySlice<UInt8>, _ sizes: inout (compressed: Int, whole: Int, header: Int)
    ) throws(InterchangeError) {
        var fields = ByteReader(extra, "The directory of \(name)")
        // Some writers pad the field with fewer bytes than a header has.
        while fields.remaining >= 4 {
            let kind = try fields.number(2)
            var field = ByteReader(try fields.take(try fields.count(2)), "The directory of \(name)")
            guard kind == 1 else { continue }
            if sizes.whole == 0xffff_ffff { sizes.whole = try field.count(8) }
            if sizes.compressed == 0xffff_ffff { sizes.compressed = try field.count(8) }
            if sizes.header == 0xffff_ffff { sizes.header = try field.count(8) }
        }
    }

    /// Returns where a file's bytes begin, behind its local header, which must agree with the directory.
    private mutating func contentStart(
        _ entryName: String, _ header: Int, _ byteCount: Int, _ method: UInt64
    ) throws(InterchangeError) -> Int {
        guard header <= start - 30 else {
            throw .malformed("The file '\(entryName)' of \(name) lies outside the archive.")
        }
        let first = archive.startIndex
        var local = ByteReader(archive[(first + header)..<(first + start)], "The file '\(entryName)' of \(name)")
        guard try local.number(4) == 0x0403_4b50 else {
            throw .malformed("The file '\(entryName)' of \(name) has no header where the directory says.")
        }
        _ = try local.take(4)
        guard try local.number(2) == method else {
            throw .malformed("The file '\(entryName)' of \(name) has two methods of compression.")
        }
        _ = try local.take(16)
        let lengths = (name: try local.count(2), extra: try local.count(2))
        guard try local.take(lengths.name).elementsEqual(entryName.utf8) else {
            throw .malformed("The file '\(entryName)' of \(name) has another name in its header.")
        }
        _ = try local.take(lengths.extra)
        let begin = header + local.offset
        _ = try local.take(byteCount)
        occupied.append((header..<(begin + byteCount), entryName))
        return begin
    }
}
