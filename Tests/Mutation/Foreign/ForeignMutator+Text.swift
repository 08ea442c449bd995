/// Headers that are text: JSON, safetensors and arrays of NumPy.
extension ForeignMutator {
    /// Words of all such headers, and of values that readers are known to stumble over.
    private static let words = [
        "0", "1", "-1", "4", "2147483648", "4611686018427387904", "9223372036854775807", "1e308", "0.5", "null", "true",
        "false", "[]", "{}", "\"\"", "\"F16\"", "\"BF16\"", "\"F64\"", "\"I64\"", "\"BOOL\"", "\"weight\"", "\"bias\"",
        "\"relu\"", "\"linear\"", "\"dtype\"", "\"shape\"", "'<f8'", "'>f4'", "'|O'", "'<f2'", "True", "False", "(2,)",
        "()",
        "(0, 4)", "\"Dense\"", "\"Flatten\"", "\"Lambda\"", "\"\\u0000\"",
    ]

    /// Returns a text in which a word is replaced, removed, repeated or exchanged.
    mutating func changedText(_ bytes: [UInt8]) -> [UInt8] {
        let tokens = Self.tokens(bytes)
        guard let token = tokens.randomElement(using: &random), let other = tokens.randomElement(using: &random) else {
            return changedBytes(bytes)
        }
        var result = bytes
        switch Int.random(in: 0..<8, using: &random) {
        case 0: result.removeSubrange(token)
        case 1: result.insert(contentsOf: bytes[token], at: token.lowerBound)
        case 2, 3: result.replaceSubrange(token, with: bytes[other])
        case 4:
            // A piece of the structure, such as a member or an item, once more at another place.
            let end = min(other.lowerBound + Int.random(in: 1..<200, using: &random), bytes.count)
            result.insert(contentsOf: bytes[other.lowerBound..<end], at: token.lowerBound)
        case 5 where bytes[token].allSatisfy(Self.isDigit):
            let old = UInt64(String(decoding: bytes[token], as: UTF8.self)) ?? 0
            result.replaceSubrange(token, with: String(number(near: old)).utf8)
        case 6: return changedBytes(bytes)
        default: result.replaceSubrange(token, with: (Self.words.randomElement(using: &random) ?? "0").utf8)
        }
        return result
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Texts in quotes, numbers and words, and single other characters.
    private static func tokens(_ bytes: [UInt8]) -> [Range<Int>] {
        var tokens: [Range<Int>] = []
        var place = 0
        while place < bytes.count {
            var end = place + 1
            let first = bytes[place]
            if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
                while end < bytes.count, bytes[end] != first { end += 1 }
                end = min(end + 1, bytes.count)
            } else if isWord(first) {
                while end < bytes.count, isWord(bytes[end]) { end += 1 }
            }
            tokens.append(place..<end)
            place = end
        }
        return tokens
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2E || byte == 0x2D
    }

    /// The place of the header of a safetensors file.
    static func safetensorsHeader(_ bytes: [UInt8]) -> Range<Int>? {
        guard bytes.count > 9, bytes[8] == UInt8(ascii: "{") else { return nil }
        let count = number(bytes[0..<8])
        return count <= UInt64(bytes.count - 8) ? 8..<(8 + Int(count)) : nil
    }

    mutating func changedSafetensors(_ bytes: [UInt8], _ header: Range<Int>) -> [UInt8] {
        if random.happens(onceIn: 8) { return changedBytes(bytes) }
        if random.happens(onceIn: 8) {
            // An element that is not a number, or another value.
            return Array(bytes[..<header.upperBound]) + changedBytes(Array(bytes[header.upperBound...]))
        }
        let text = changedText(Array(bytes[header]))
        return Self.bytes(UInt64(text.count), 8) + text + bytes[header.upperBound...]
    }

    mutating func changedArray(_ bytes: [UInt8]) -> [UInt8] {
        let width = bytes.count > 6 && bytes[6] > 1 ? 4 : 2
        guard bytes.count > 8 + width, !random.happens(onceIn: 6) else { return changedBytes(bytes) }
        let start = 8 + width
        let end = start + Int(clamping: Self.number(bytes[8..<start]))
        guard end <= bytes.count else { return changedBytes(bytes) }
        let text = changedText(Array(bytes[start..<end]))
        return Array(bytes[..<8]) + Self.bytes(UInt64(text.count), width) + text + bytes[end...]
    }
}
