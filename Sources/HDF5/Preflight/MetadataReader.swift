/// Reads little-endian integers from one of HDF5's structures, never beyond its end.
struct MetadataReader {
    /// The object that a structure belongs to, with its path from the root: for error messages.
    enum Owner {
        case dataset(String)
        case group(String)
        case other(String)
        /// The file itself, with its path in the file system.
        case file(String)
    }

    private let owner: Owner
    private var rest: ArraySlice<UInt8>

    init(_ owner: Owner, _ bytes: [UInt8]) {
        self.owner = owner
        rest = bytes[...]
    }

    /// A reader of other bytes of the same object.
    init(_ other: MetadataReader, _ bytes: ArraySlice<UInt8>) {
        owner = other.owner
        rest = bytes
    }

    /// The unread bytes.
    var bytes: ArraySlice<UInt8> { rest }
    /// Number of unread bytes.
    var count: Int { rest.count }
    /// Number of bytes before them.
    var position: Int { rest.startIndex }

    /// Whether the last unread byte is 0.
    var endsWithZero: Bool { rest.last == 0 }

    /// Whether the unread bytes begin with a signature.
    func starts(with text: StaticString) -> Bool { rest.starts(with: text.description.utf8) }

    /// Reads an integer of up to eight bytes.
    mutating func integer(_ byteCount: Int) throws(HDF5Error) -> UInt64 {
        var value: UInt64 = 0
        for byte in try part(byteCount).rest.reversed() { value = value << 8 | UInt64(byte) }
        return value
    }

    /// Reads integers of the same size.
    mutating func integers(_ count: Int, of byteCount: Int) throws(HDF5Error) -> [UInt64] {
        var values: [UInt64] = []
        for _ in 0..<count { values.append(try integer(byteCount)) }
        return values
    }

    /// Reads an integer that counts something; clamped to `Int.max`.
    mutating func length(_ byteCount: Int) throws(HDF5Error) -> Int { Int(clamping: try integer(byteCount)) }

    mutating func skip(_ count: Int) throws(HDF5Error) { _ = try part(count) }

    /// Splits off the next bytes.
    mutating func part(_ count: Int) throws(HDF5Error) -> MetadataReader {
        guard count <= rest.count else { throw refusal("a header that is cut short") }
        var part = self
        part.rest = rest.prefix(count)
        rest = rest.dropFirst(count)
        return part
    }

    /// The error for an object that this module does not open.
    ///
    /// - Parameter thing: what the object has, after "has".
    func refusal(_ thing: String, _ code: HDF5Error.Code = .layoutNotAllowed) -> HDF5Error {
        let message =
            switch owner {
            case .dataset(let path):
                "The dataset /\(path) has \(thing) and is not opened; store plain numbers, contiguous or in chunks."
            case .group(let path): "The group /\(path) has \(thing) and is not opened; write groups as HDF5 1.8 does."
            case .other(let path): "The object /\(path) has \(thing) and is not opened."
            case .file(let path): "The file \(path) has \(thing) and is not opened."
            }
        return HDF5Error(code: code, message: message)
    }
}
