/// Reads JSON (RFC 8259) from untrusted bytes, within bounds on nesting and on the number of values.
///
/// It refuses what other readers accept, or read differently: bytes that are not UTF-8, a key twice in an object, a
/// number that is infinite in binary64. Its memory and time are proportional to the text.
package struct JSONText {
    /// The maximum nesting of arrays and objects.
    package static let depth = 128
    /// The maximum number of characters of a number.
    private static let numberLength = 1024

    /// Why a text is refused.
    package struct Complaint: Error, Sendable, CustomStringConvertible {
        /// The reason, as the end of a sentence, such as `it has a duplicate key: "kind"`.
        package let description: String
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let valueLimit: Int
    private var position = 0
    private var values = 0

    /// Returns the value of a text.
    ///
    /// - Parameter valueLimit: The maximum number of values, those in arrays and objects included.
    package static func value(of text: [UInt8], valueLimit: Int) throws(Complaint) -> JSONValue {
        guard String(validating: text, as: UTF8.self) != nil, !text.contains(0) else {
            throw Complaint(description: "it is not UTF-8")
        }
        let result: Result<JSONValue, Complaint> = text.withUnsafeBufferPointer { bytes in
            var reader = JSONText(bytes, valueLimit)
            do throws(Complaint) { return .success(try reader.document()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>, _ valueLimit: Int) {
        self.bytes = bytes
        self.valueLimit = valueLimit
    }

    private mutating func document() throws(Complaint) -> JSONValue {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { throw Complaint(description: "it begins with a byte-order mark") }
        let value = try value(at: 0)
        skipSpace()
        guard position == bytes.count else { throw unexpected() }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func unexpected() -> Complaint {
        position < bytes.count
            ? Complaint(description: "it is not valid JSON at byte \(position)")
            : Complaint(description: "it is not valid JSON: it ends too early")
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    /// Skips white space and a character, which must come next.
    private mutating func require(_ character: Unicode.Scalar) throws(Complaint) {
        guard try skips(character) else { throw unexpected() }
    }

    /// Skips white space, and a character if it comes next; returns whether it does.
    private mutating func skips(_ character: Unicode.Scalar) throws(Complaint) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// - Parameter depth: The number of arrays and objects around the value.
    private mutating func value(at depth: Int) throws(Complaint) -> JSONValue {
        values += 1
        guard values <= valueLimit else { throw Complaint(description: "it has more than \(valueLimit) values") }
        skipSpace()
        guard let first = next else { throw unexpected() }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < Self.depth else {
                throw Complaint(description: "it nests more than \(Self.depth) levels deep")
            }
            position += 1
            return first == UInt8(ascii: "{") ? try object(at: depth + 1) : try array(at: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func array(at depth: Int) throws(Complaint) -> JSONValue {
        var items: [JSONValue] = []
        if try skips("]") { return .array(items) }
        repeat { items.append(try value(at: depth)) } while try skips(",")
        try require("]")
        return .array(items)
    }

    private mutating func object(at depth: Int) throws(Complaint) -> JSONValue {
        var members: [String: JSONValue] = [:]
        if try skips("}") { return .object(members) }
        repeat {
            skipSpace()
            let start = position
            let key = try string()
            let end = min(position, start + 80)
            try require(":")
            guard members.updateValue(try value(at: depth), forKey: key) == nil else {
                let shown = String(decoding: bytes[start..<end], as: UTF8.self)
                throw Complaint(description: "it has a duplicate key: \(shown)")
            }
        } while try skips(",")
        try require("}")
        return .object(members)
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(Complaint) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard next == text.utf8Start[index] else { throw unexpected() }
            position += 1
        }
        return value
    }

    // MARK: Numbers

    private mutating func number() throws(Complaint) -> JSONValue {
        let start = position
        let isNegative = next == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let first = position
        try digits()
        // A leading zero stands alone.
        guard bytes[first] != UInt8(ascii: "0") || position == first + 1 else { throw unexpected() }
        var isInteger = true
        if next == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        guard position - start <= Self.numberLength else {
            throw Complaint(description: "it has a number of more than \(Self.numberLength) characters")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw Complaint(description: "it has the number \(text.prefix(40)), which is too large")
        }
        return Int64(exactly: number).map { .integer($0) } ?? .number(number)
    }

    private mutating func digits() throws(Complaint) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw unexpected() }
    }

    // MARK: Texts

    private mutating func string() throws(Complaint) -> String {
        guard next == UInt8(ascii: "\"") else { throw unexpected() }
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            position += 1
            return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
        }
        return try string(continuing: Array(bytes[start..<position]))
    }

    /// Reads the rest of a text that has escapes.
    private mutating func string(continuing beginning: [UInt8]) throws(Complaint) -> String {
        var text = beginning
        while let byte = next, byte >= 0x20 {
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escape = next else { throw unexpected() }
            position += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar()).utf8)
            default:
                position -= 1
                throw unexpected()
            }
        }
        throw unexpected()
    }

    /// Reads what follows `\u`: a scalar, which may need a second escape.
    private mutating func scalar() throws(Complaint) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xd800...0xdbff).contains(first), next == UInt8(ascii: "\\") else { throw Self.halfASurrogate }
        position += 1
        guard next == UInt8(ascii: "u") else { throw Self.halfASurrogate }
        position += 1
        let second = try hexadecimal()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first & 0x3ff) << 10 + second & 0x3ff)
        else { throw Self.halfASurrogate }
        return scalar
    }

    private static let halfASurrogate = Complaint(description: "it has half of a surrogate pair")

    private mutating func hexadecimal() throws(Complaint) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw unexpected() }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
