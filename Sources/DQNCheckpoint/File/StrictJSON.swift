internal import Foundation

/// Checks JSON from a file before Foundation decodes it: UTF-8, limited nesting, unique keys.
///
/// Foundation also accepts UTF-16, recurses as deep as the text nests, and picks one of two equal keys, although
/// another reader may pick the other.
enum StrictJSON {
    /// The maximum nesting of arrays and objects.
    static let depth = 128

    /// Returns what is wrong with a text, or `nil`. The grammar is unchecked except for the positions of keys.
    static func complaint(about bytes: [UInt8]) -> String? {
        guard String(validating: bytes, as: UTF8.self) != nil, !bytes.contains(0) else { return "it is not UTF-8" }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return "it begins with a byte-order mark" }
        // The keys of each enclosing object; nil for an array.
        var around: [Set<ArraySlice<UInt8>>?] = []
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"): around.append([])
            case UInt8(ascii: "["): around.append(nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = around.popLast()
            case UInt8(ascii: "\""):
                let end = endOfString(bytes, from: position + 1)
                if let last = around.indices.last, around[last] != nil, isFollowedByColon(bytes, end + 1) {
                    guard around[last]?.insert(key(bytes[(position + 1)..<end])).inserted == true else {
                        let key = String(decoding: bytes[position...end].prefix(80), as: UTF8.self)
                        return "it has a duplicate key: \(key)"
                    }
                }
                position = end
            default: break
            }
            if around.count > depth { return "it nests more than \(depth) levels deep" }
            position += 1
        }
        return nil
    }

    /// Returns the position of the closing quotation mark, or the end of the text if there is none.
    private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position, bytes.count)
    }

    private static func isFollowedByColon(_ bytes: [UInt8], _ start: Int) -> Bool {
        var position = start
        while position < bytes.count, [9, 10, 13, 32].contains(bytes[position]) { position += 1 }
        return position < bytes.count && bytes[position] == UInt8(ascii: ":")
    }

    /// Returns a key without its escapes; unchanged if an escape is invalid.
    private static func key(_ raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard raw.contains(UInt8(ascii: "\\")) else { return raw }
        let quoted = [UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")]
        guard let text = try? JSONDecoder().decode(String.self, from: Data(quoted)) else { return raw }
        return ArraySlice(text.utf8)
    }
}
