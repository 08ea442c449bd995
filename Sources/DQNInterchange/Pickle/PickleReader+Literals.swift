internal import DQNModel

/// Operations that push a value.
extension PickleReader {
    /// Performs an operation that pushes a value which its arguments contain; returns whether it is one.
    mutating func pushes(_ code: UInt8) throws(InterchangeError) -> Bool {
        switch code {
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "K"): stack.append(.integer(Int64(try reader.byte())))
        case UInt8(ascii: "M"): stack.append(.integer(Int64(try reader.number(2))))
        case UInt8(ascii: "J"):
            stack.append(.integer(Int64(Int32(truncatingIfNeeded: try reader.number(4)))))
        case 0x8A: try pushInteger(try reader.count(1))
        case 0x8B: try pushInteger(try reader.count(4))
        case UInt8(ascii: "G"):
            let bits = try reader.take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            stack.append(.number(Double(bitPattern: bits)))
        case UInt8(ascii: "X"): try pushText(try reader.count(4))
        case 0x8C: try pushText(try reader.count(1))
        case 0x8D: try pushText(try reader.count(8))
        case UInt8(ascii: "U"): try pushShortBytes(try reader.count(1))
        case UInt8(ascii: "T"): try pushShortBytes(try reader.count(4))
        case UInt8(ascii: "C"): try pushBytes(try reader.count(1))
        case UInt8(ascii: "B"): try pushBytes(try reader.count(4))
        case 0x8E, 0x96: try pushBytes(try reader.count(8))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): try pushWrittenInteger(try reader.line())
        case UInt8(ascii: "F"):
            guard let number = Double(try reader.line()) else { throw malformed("no number") }
            stack.append(.number(number))
        case UInt8(ascii: "V"):
            let line = try reader.line()
            guard !line.utf8.contains(UInt8(ascii: "\\")) else { throw malformed("a text with escapes") }
            stack.append(.text(line))
        case UInt8(ascii: "S"):
            let line = try reader.line()
            guard line.utf8.count >= 2, let quote = line.utf8.first, quote == line.utf8.last,
                [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(quote), !line.utf8.contains(UInt8(ascii: "\\"))
            else { throw malformed("a text without quotes or with escapes") }
            stack.append(.text(String(line.dropFirst().dropLast())))
        default: return false
        }
        return true
    }

    private mutating func pushInteger(_ count: Int) throws(InterchangeError) {
        let bytes = try reader.take(count)
        guard bytes.count <= 8 else {
            stack.append(.largeInteger)
            return
        }
        var value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if let last = bytes.last, last >= 0x80, bytes.count < 8 { value |= UInt64.max << UInt64(8 * bytes.count) }
        stack.append(.integer(Int64(bitPattern: value)))
    }

    private mutating func pushWrittenInteger(_ line: String) throws(InterchangeError) {
        switch line {
        case "00": stack.append(.bool(false))
        case "01": stack.append(.bool(true))
        default:
            let digits = line.hasSuffix("L") ? String(line.dropLast()) : line
            guard let number = Int64(digits) else { throw malformed("no integer of 64 bits") }
            stack.append(.integer(number))
        }
    }

    private mutating func pushText(_ count: Int) throws(InterchangeError) {
        stack.append(.text(try reader.text(try reader.take(count))))
    }

    private mutating func pushBytes(_ count: Int) throws(InterchangeError) {
        stack.append(.bytes(try reader.take(count)))
    }

    /// Pushes a text of Python 2, which may also hold the bytes of an array.
    private mutating func pushShortBytes(_ count: Int) throws(InterchangeError) {
        let bytes = try reader.take(count)
        stack.append(String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes(bytes))
    }
}
