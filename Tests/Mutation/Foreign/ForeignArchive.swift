/// The files of a zip archive, found by their local headers, however damaged its directory is.
struct ForeignArchive {
    struct Entry {
        var name: [UInt8]
        var method: UInt16
        /// As they are stored.
        var contents: [UInt8]
        /// The checksum and the size after decompression, for compressed files.
        var checksum: UInt32
        var byteCount: Int
    }

    var entries: [Entry] = []

    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: [0x50, 0x4B, 3, 4]) else { return nil }
        // The directory has sizes that a local header may lack.
        var place = bytes.count - 46
        var starts: Set<Int> = []
        while place >= 0 {
            if bytes[place] == 0x50, bytes[place...].starts(with: [0x50, 0x4B, 1, 2]) { add(bytes, place, &starts) }
            place -= 1
        }
        entries.reverse()
        guard !entries.isEmpty else { return nil }
    }

    private mutating func add(_ bytes: [UInt8], _ place: Int, _ starts: inout Set<Int>) {
        func field(_ offset: Int, _ count: Int) -> Int {
            Int(ForeignMutator.number(bytes[(place + offset)..<(place + offset + count)]))
        }
        let nameCount = field(28, 2)
        let header = field(42, 4)
        guard place + 46 + nameCount <= bytes.count, header + 30 <= bytes.count, starts.insert(header).inserted else {
            return
        }
        let lengths = ForeignMutator.number(bytes[(header + 26)..<(header + 28)])
        let extra = ForeignMutator.number(bytes[(header + 28)..<(header + 30)])
        let start = header + 30 + Int(lengths) + Int(extra)
        let size = field(20, 4)
        guard start <= bytes.count, size <= bytes.count - start, entries.count < 1000 else { return }
        entries.append(
            Entry(
                name: Array(bytes[(place + 46)..<(place + 46 + nameCount)]), method: UInt16(field(10, 2)),
                contents: Array(bytes[start..<(start + size)]), checksum: UInt32(field(16, 4)), byteCount: field(24, 4))
        )
    }

    /// The archive, and where the fields of its directory and of the headers are.
    func bytes() -> (bytes: [UInt8], fields: [Range<Int>]) {
        var result: [UInt8] = []
        var directory: [UInt8] = []
        var fields: [Range<Int>] = []
        var directoryFields: [Range<Int>] = []
        for entry in entries {
            var common: [UInt8] = ForeignMutator.bytes(0, 2)
            common += ForeignMutator.bytes(UInt64(entry.method), 2) + ForeignMutator.bytes(0, 4)
            common += ForeignMutator.bytes(UInt64(entry.checksum), 4)
            common += ForeignMutator.bytes(UInt64(entry.contents.count), 4)
            common += ForeignMutator.bytes(UInt64(entry.byteCount), 4)
            common += ForeignMutator.bytes(UInt64(entry.name.count), 2) + ForeignMutator.bytes(0, 2)
            directoryFields += [2, 4, 12, 16, 20, 24, 26, 34, 38].map {
                (directory.count + 4 + $0)..<(directory.count + 4 + $0 + 2)
            }
            directory += [0x50, 0x4B, 1, 2] + ForeignMutator.bytes(20, 2) + ForeignMutator.bytes(20, 2) + common
            directory += ForeignMutator.bytes(0, 10) + ForeignMutator.bytes(UInt64(result.count), 4) + entry.name
            fields += [2, 4, 10, 14, 18, 22, 24].map { (result.count + 4 + $0)..<(result.count + 6 + $0) }
            result += [0x50, 0x4B, 3, 4] + ForeignMutator.bytes(20, 2) + common + entry.name + entry.contents
        }
        let start = result.count
        fields += directoryFields.map { ($0.lowerBound + start)..<($0.upperBound + start) }
        let count = ForeignMutator.bytes(UInt64(entries.count), 2)
        let end = start + directory.count
        fields += stride(from: 4, to: 22, by: 2).map { (end + $0)..<(end + $0 + 2) }
        result += directory
        result += [0x50, 0x4B, 5, 6] + ForeignMutator.bytes(0, 4) + count + count
        result += ForeignMutator.bytes(UInt64(directory.count), 4) + ForeignMutator.bytes(UInt64(start), 4) + [0, 0]
        return (result, fields)
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
    }

    /// The checksum of zip archives.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }
}

extension ForeignMutator {
    mutating func changed(_ original: ForeignArchive, _ depth: Int) -> [UInt8] {
        var archive = original
        let index = Int.random(in: 0..<archive.entries.count, using: &random)
        switch Int.random(in: 0..<16, using: &random) {
        case 0:
            // A field of a header or of the directory.
            var (bytes, fields) = archive.bytes()
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                guard let field = fields.randomElement(using: &random) else { break }
                bytes.replaceSubrange(field, with: Self.bytes(number(near: Self.number(bytes[field])), field.count))
            }
            return bytes
        case 1: archive.entries.remove(at: index)
        case 2: archive.entries.swapAt(index, Int.random(in: 0..<archive.entries.count, using: &random))
        case 3: archive.entries[index].name = changedBytes(archive.entries[index].name)
        case 4: pack(&archive.entries[index])
        case 5:
            let other = archive.entries[Int.random(in: 0..<archive.entries.count, using: &random)]
            archive.entries[index].name = other.name
        default:
            // Large files of numbers are the most, small ones have the structure.
            let isSmall = archive.entries.filter { $0.name.ends(with: "pkl") || $0.name.ends(with: "data") }
            let chosen =
                Bool.random(using: &random)
                ? archive.entries.firstIndex { $0.name == isSmall.randomElement(using: &random)?.name } ?? index : index
            guard archive.entries[chosen].method == 0 else {
                archive.entries[chosen].contents = changedBytes(archive.entries[chosen].contents)
                break
            }
            set(&archive.entries[chosen], changed(archive.entries[chosen].contents, depth: depth + 1))
        }
        return archive.bytes().bytes
    }

    private func set(_ entry: inout ForeignArchive.Entry, _ contents: [UInt8]) {
        entry.contents = contents
        entry.byteCount = contents.count
        entry.checksum = ForeignArchive.checksum(contents)
    }

    /// Writes a stored file as deflate data of stored blocks.
    private func pack(_ entry: inout ForeignArchive.Entry) {
        guard entry.method == 0 else { return }
        var packed: [UInt8] = []
        var rest = entry.contents[...]
        repeat {
            let piece = rest.prefix(65_535)
            rest = rest.dropFirst(piece.count)
            let count = UInt64(piece.count)
            packed += [rest.isEmpty ? 1 : 0] + Self.bytes(count, 2) + Self.bytes(~count, 2) + piece
        } while !rest.isEmpty
        entry.method = 8
        entry.contents = packed
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
