internal import DQNModel

/// Operations that mention names and make objects of them.
extension PickleReader {
    /// Performs an operation that names, calls or completes an object; returns whether it is one.
    mutating func assembles(_ code: UInt8) throws(InterchangeError) -> Bool {
        switch code {
        case UInt8(ascii: "c"):
            let module = try reader.line()
            try pushName(module, try reader.line())
        case 0x93:
            guard case .text(let text) = try pop(), case .text(let module) = try pop() else {
                throw malformed("a name that is no text")
            }
            try pushName(module, text)
        case UInt8(ascii: "R"), 0x81:
            let arguments = try pop()
            guard case .name(let name, let text) = try pop(), let arguments = items(arguments) else {
                throw malformed("a call of something that is no name")
            }
            stack.append(try object(name, text, arguments))
        case UInt8(ascii: "b"):
            let state = try pop()
            stack.append(try completed(try pop(), state))
        case UInt8(ascii: "Q"):
            guard let identifier = items(try pop()) else { throw malformed("an identifier that is no tuple") }
            stack.append(try persistent(identifier))
        default: return false
        }
        return true
    }

    private mutating func pushName(_ module: String, _ text: String) throws(InterchangeError) {
        if mentionsAnyName {
            stack.append(.name(.inert, "\(module).\(text)"))
            return
        }
        stack.append(.name(try PickleName.named(module, text, in: name), "\(module).\(text)"))
    }

    private mutating func object(
        _ kind: PickleName, _ text: String, _ arguments: [PickleValue]
    ) throws(InterchangeError) -> PickleValue {
        switch kind {
        case .orderedDictionary: return try dictionary(of: arguments)
        case .defaultDictionary: return container(.dictionary, [])
        case .sequence: return container(.list, try copies(arguments.first))
        case .size:
            return container(.tuple, try copies(arguments.first))
        case .device: return .other(text)
        case .encode:
            guard case .text(let characters)? = arguments.first else { break }
            try count(characters)
            guard let bytes = Self.latin1(characters) else { break }
            return .bytes(bytes[...])
        case .rebuildTensor: return .tensor(try tensor(arguments))
        case .rebuildParameter:
            guard case .tensor(let tensor)? = arguments.first else { break }
            return .tensor(tensor)
        case .rebuildFromType:
            // The function that makes the tensor, the class that it is given afterwards, arguments, and attributes.
            guard arguments.count == 4, case .name(let maker, let text) = arguments[0],
                maker == .rebuildTensor || maker == .rebuildParameter, let inner = items(arguments[2])
            else { break }
            return try object(maker, text, inner)
        case .arrayType, .reconstructArray, .arrayFromBuffer, .scalar: return try array(kind, arguments)
        case .object: return try object(of: text, arguments)
        case .storage, .untypedStorage, .array, .inert: break
        }
        throw .malformed("\(name) calls '\(text)' in a way that no pickle of tensors does.")
    }

    /// Returns the bytes that the characters of a text stand for, or `nil` if one is no byte.
    private static func latin1(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private mutating func container(_ kind: PickleContainer.Kind, _ items: [PickleValue]) -> PickleValue {
        containers.append(PickleContainer(kind: kind, items: items))
        return .container(containers.count - 1)
    }

    /// Makes a dictionary, perhaps of a list of pairs as Python 2 wrote them.
    private mutating func dictionary(of arguments: [PickleValue]) throws(InterchangeError) -> PickleValue {
        var members: [PickleValue] = []
        for pair in try copies(arguments.first) {
            guard let pair = items(pair), pair.count == 2 else { throw malformed("a pair that is none") }
            members += pair
        }
        return container(.dictionary, members)
    }

    /// Sets the state of an object. Attributes of dictionaries, such as the versions of PyTorch's modules, are not needed.
    private mutating func completed(_ object: PickleValue, _ state: PickleValue) throws(InterchangeError) -> PickleValue
    {
        switch object {
        case .container(let place) where containers[place].kind == .dictionary:
            complete(place, state)
            return object
        case .tensor: return object
        case .arrayType(var type):
            guard let items = items(state), items.count > 1, case .text(let order) = items[1] else { break }
            type.isBigEndian = order == ">"
            return .arrayType(type)
        case .array: return .array(try array(completedBy: state))
        default: break
        }
        throw malformed("a state for something that has none")
    }

    /// `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …)`.
    private func tensor(_ arguments: [PickleValue]) throws(InterchangeError) -> TorchTensor {
        guard arguments.count >= 4, case .storage(let storage) = arguments[0],
            case .integer(let offset) = arguments[1], let shape = integers(arguments[2]),
            let strides = integers(arguments[3])
        else { throw malformed("a tensor without storage, offset, size and stride") }
        return try TorchTensor(storage, offset: Int(offset), shape: shape, strides: strides, name)
    }
}
