internal import DQNModel

/// Arrays and scalars of NumPy within pickles.
extension PickleReader {
    mutating func array(_ kind: PickleName, _ arguments: [PickleValue]) throws(InterchangeError) -> PickleValue {
        switch kind {
        case .arrayType:
            guard case .text(let code)? = arguments.first else { break }
            return .arrayType(PickledArrayType(code: code))
        case .reconstructArray:
            // The state that follows has everything.
            return .array(PickledArray(element: .uint8, shape: [0], isFortran: false, bytes: []))
        case .arrayFromBuffer:
            guard arguments.count == 4, let bytes = try bytes(arguments[0]), case .arrayType(let type) = arguments[1],
                let shape = integers(arguments[2]), case .text(let order) = arguments[3]
            else { break }
            return .array(
                PickledArray(element: try element(type), shape: shape, isFortran: order == "F", bytes: bytes))
        case .scalar:
            guard arguments.count == 2, case .arrayType(let type) = arguments[0], let bytes = try bytes(arguments[1])
            else { break }
            let tensor = try ForeignTensor(try element(type), [1], bytes, name)
            return .number(tensor.doubles[0])
        default: break
        }
        throw malformed("an array of NumPy with unknown arguments")
    }

    mutating func array(completedBy state: PickleValue) throws(InterchangeError) -> PickledArray {
        guard let items = items(state), items.count == 5, let shape = integers(items[1]),
            case .arrayType(let type) = items[2], case .bool(let isFortran) = items[3], let bytes = try bytes(items[4])
        else { throw malformed("an array of NumPy with an unknown state") }
        return PickledArray(element: try element(type), shape: shape, isFortran: isFortran, bytes: bytes)
    }

    private mutating func bytes(_ value: PickleValue) throws(InterchangeError) -> ArraySlice<UInt8>? {
        switch value {
        case .bytes(let bytes): return bytes
        case .text(let text):
            try count(text)
            return Array(text.utf8)[...]
        default: return nil
        }
    }

    private func element(_ type: PickledArrayType) throws(InterchangeError) -> ForeignTensor.Element {
        guard !type.isBigEndian, let element = NumPyType.element(type.code) else {
            throw .notRepresentable(
                "\(name) has an array of NumPy's type '\(type.isBigEndian ? ">" : "")\(type.code)'; only little-endian "
                    + "numbers are supported.")
        }
        return element
    }
}
