internal import DQNModel

/// Element types of NumPy by their codes.
enum NumPyType {
    /// Returns the type of a code without its byte order, such as `f4`.
    static func element(_ code: String) -> ForeignTensor.Element? {
        switch code {
        case "f2": .float16
        case "f4": .float32
        case "f8": .float64
        case "i1": .int8
        case "u1": .uint8
        case "i2": .int16
        case "u2": .uint16
        case "i4": .int32
        case "u4": .uint32
        case "i8": .int64
        case "u8": .uint64
        case "b1": .bool
        default: nil
        }
    }
}

/// Reads `.npy` and `.npz` files.
enum NumPyArray {
    /// Whether bytes begin as `.npy` files do.
    static func isArray(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59])
    }

    /// Reads a `.npy` file. Arrays of objects, which are pickles, are refused.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    static func read(_ bytes: ArraySlice<UInt8>, _ name: String) throws(InterchangeError) -> ForeignTensor {
        var reader = ByteReader(bytes, name)
        guard isArray(bytes) else { throw .malformed("\(name) is no array of NumPy.") }
        _ = try reader.take(6)
        let version = try reader.byte()
        _ = try reader.byte()
        guard (1...3).contains(version) else { throw .malformed("\(name) has version \(version) of NumPy's format.") }
        let header = try NumPyHeader(try reader.take(try reader.count(version == 1 ? 2 : 4)), name)
        guard let element = NumPyType.element(String(header.type.dropFirst())),
            header.type.first != ">" || element.byteCount == 1
        else {
            throw .notRepresentable(
                "\(name) has elements of the type '\(header.type.prefix(40))'; only little-endian numbers are supported: "
                    + "save array.astype('<f4').")
        }
        let bytes = try reader.take(reader.remaining)
        return header.isFortran
            ? try .fortran(element, header.shape, bytes, name) : try ForeignTensor(element, header.shape, bytes, name)
    }

    /// Reads a `.npz` file: arrays by their names, in the order of the archive.
    static func read(_ archive: ZipArchive, _ name: String) throws(InterchangeError) -> ForeignValue {
        var members: [(key: String, value: ForeignValue)] = []
        for entry in archive.entries {
            guard entry.name.hasSuffix(".npy") else {
                throw .malformed("\(name) has the file '\(entry.name)', which is no array of NumPy.")
            }
            let contents = try archive.required(entry.name)
            let key = String(entry.name.dropLast(4))
            members.append((key, .tensor(try read(contents, "'\(key)' of \(name)"))))
        }
        return .dictionary(members)
    }
}
