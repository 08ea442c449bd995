internal import Foundation

/// What a file's JSON must be before Foundation decodes it: UTF-8, nested within bounds, every key once in its object.
///
/// Foundation takes UTF-16 as well, recurses as deep as a text nests, and of a key that is there twice picks one: another
/// reader may pick the other.
enum StrictJSON {
    /// Arrays and objects within each other.
    static let depth = 128

    /// What is wrong with a text, as far as it is judged here; nothing of its grammar is but the places of keys.
    static func complaint(about bytes: [UInt8]) -> String? {
        guard String(validating: bytes, as: UTF8.self) != nil, !bytes.contains(0) else { return "it is not UTF-8" }
        // The keys of each object around the present place; nil for an array.
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
                        return
                            "it has a key twice: \(String(decoding: bytes[position...end].prefix(80), as: UTF8.self))"
                    }
                }
                position = end
            default: break
            }
            if around.count > depth { return "it nests more than \(depth) deep" }
            position += 1
        }
        return nil
    }

    /// Where the quotation mark is that ends a string; the text's end where it is lacking.
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

    /// A key without its escapes; one whose escapes are wrong as it is.
    private static func key(_ raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard raw.contains(UInt8(ascii: "\\")) else { return raw }
        let quoted = [UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")]
        guard let text = try? JSONDecoder().decode(String.self, from: Data(quoted)) else { return raw }
        return ArraySlice(text.utf8)
    }
}
