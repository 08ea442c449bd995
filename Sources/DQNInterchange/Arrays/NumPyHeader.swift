internal import DQNModel

/// The header of a `.npy` file: a dictionary of Python with the keys `descr`, `fortran_order` and `shape`, as text.
struct NumPyHeader {
    /// The most bytes of a header, as in NumPy itself.
    static let byteLimit = 10_000

    /// The type of the elements with their byte order, such as `<f4`.
    let type: String
    let isFortran: Bool
    let shape: [Int]

    /// - Throws: ``InterchangeError``: `malformed`, or `notRepresentable` for a type of several fields.
    init(_ text: ArraySlice<UInt8>, _ name: String) throws(InterchangeError) {
        guard text.count <= Self.byteLimit else {
            throw .malformed("\(name) has a header of \(text.count) bytes; at most \(Self.byteLimit) are allowed.")
        }
        var parser = Parser(rest: text, name: name)
        try parser.require("{")
        while !parser.skips("}") {
            try parser.member()
            if !parser.skips(",") {
                try parser.require("}")
                break
            }
        }
        guard parser.isAtEnd, let type = parser.type, let isFortran = parser.isFortran, let shape = parser.shape else {
            throw .malformed("\(name) has a header without type, order and shape.")
        }
        self.type = type
        self.isFortran = isFortran
        self.shape = shape
    }

    /// Reads the text once, from its beginning to its end.
    private struct Parser {
        var rest: ArraySlice<UInt8>
        let name: String
        var type: String?
        var isFortran: Bool?
        var shape: [Int]?

        var isAtEnd: Bool { rest.allSatisfy(Self.isSpace) }

        private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a }

        /// Skips white space and a text, if it comes next; returns whether it does.
        mutating func skips(_ text: StaticString) -> Bool {
            rest = rest.drop(while: Self.isSpace)
            let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            guard rest.starts(with: bytes) else { return false }
            rest = rest.dropFirst(bytes.count)
            return true
        }

        mutating func require(_ text: StaticString) throws(InterchangeError) {
            guard skips(text) else { throw .malformed("\(name) has no valid header: '\(text)' is missing.") }
        }

        mutating func member() throws(InterchangeError) {
            let key = try quoted()
            try require(":")
            switch key {
            case "descr" where type == nil:
                rest = rest.drop(while: Self.isSpace)
                guard rest.first != UInt8(ascii: "[") else {
                    throw .notRepresentable(
                        "\(name) has elements of several fields; save each field as an array of its own.")
                }
                type = try quoted()
            case "fortran_order" where isFortran == nil:
                isFortran = skips("True")
                if isFortran == false { try require("False") }
            case "shape" where shape == nil: shape = try extents()
            default: throw .malformed("\(name) has the key '\(key)' twice, or at the wrong place.")
            }
        }

        private mutating func quoted() throws(InterchangeError) -> String {
            let quote: UInt8 = skips("\"") ? UInt8(ascii: "\"") : UInt8(ascii: "'")
            if quote == UInt8(ascii: "'") { try require("'") }
            guard let end = rest.firstIndex(of: quote) else { throw .malformed("\(name) has a text without an end.") }
            defer { rest = rest[(end + 1)...] }
            guard let text = String(validating: rest[..<end], as: UTF8.self) else {
                throw .malformed("\(name) has a header that is not UTF-8.")
            }
            return text
        }

        private mutating func extents() throws(InterchangeError) -> [Int] {
            var extents: [Int] = []
            try require("(")
            while !skips(")") {
                rest = rest.drop(while: Self.isSpace)
                let digits = rest.prefix { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
                rest = rest.dropFirst(digits.count)
                // Python 2 marked long integers.
                _ = skips("L")
                guard let extent = Int(String(decoding: digits, as: UTF8.self)) else {
                    throw .malformed("\(name) has no valid shape.")
                }
                extents.append(extent)
                if !skips(",") {
                    try require(")")
                    break
                }
            }
            return extents
        }
    }
}
