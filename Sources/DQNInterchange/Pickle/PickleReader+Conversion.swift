internal import DQNModel

/// Turns what a pickle built into a tree.
extension PickleReader {
    /// Returns a value without references. A container that contains itself, or is repeated so often that the tree would
    /// be larger than the pickle's bound, is refused.
    func foreign(_ value: PickleValue) throws(InterchangeError) -> ForeignValue {
        var budget = Limit.values
        return try foreign(value, depth: 0, &budget)
    }

    private func foreign(
        _ value: PickleValue, depth: Int, _ budget: inout Int
    ) throws(InterchangeError) -> ForeignValue {
        budget -= 1
        guard depth <= Limit.depth else {
            throw .malformed("\(name) nests its containers endlessly, or more than \(Limit.depth) deep.")
        }
        guard budget > 0 else {
            throw .malformed(
                "\(name) has more than \(Limit.values) values, or repeats its containers too often; save the weights "
                    + "alone: torch.save(model.state_dict(), 'weights.pth').")
        }
        switch value {
        case .none: return .null
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .largeInteger: return .other("an integer of more than 64 bits")
        case .number(let value): return .number(value)
        case .text(let text): return .text(text)
        case .bytes: return .other("bytes")
        case .name(_, let text): return .name(text)
        case .storage: return .other("a storage")
        case .other(let text): return .other(text)
        case .arrayType(let type): return .other(type.code)
        case .tensor(let tensor):
            // Copies of one tensor count as often as they are made.
            if !tensor.isContiguous { budget -= tensor.shape.reduce(1, *) / 64 }
            guard budget > 0 else { throw .malformed("\(name) repeats its tensors too often.") }
            return .tensor(try tensor.contiguous())
        case .array(let array):
            let tensor = try ForeignTensor(array.element, array.shape, array.bytes, name)
            guard array.isFortran, array.shape.count > 1 else { return .tensor(tensor) }
            // Copies of one array count as often as they are made.
            budget -= tensor.count / 64
            guard budget > 0 else { throw .malformed("\(name) repeats its arrays too often.") }
            return .tensor(tensor.fromFortran)
        case .container(let place):
            let container = containers[place]
            guard container.kind == .dictionary else {
                var items: [ForeignValue] = []
                for item in container.items { items.append(try foreign(item, depth: depth + 1, &budget)) }
                return .list(items)
            }
            return .dictionary(try members(container.items, depth, &budget))
        }
    }

    private func members(
        _ items: [PickleValue], _ depth: Int, _ budget: inout Int
    ) throws(InterchangeError) -> [(key: String, value: ForeignValue)] {
        var members: [(key: String, value: ForeignValue)] = []
        var seen: Set<String> = []
        for index in stride(from: 0, to: items.count, by: 2) {
            let key: String
            switch items[index] {
            case .text(let text): key = text
            case .integer(let number): key = String(number)
            default: continue
            }
            guard seen.insert(key).inserted else { throw .malformed("\(name) has the key '\(key)' twice.") }
            members.append((key, try foreign(items[index + 1], depth: depth + 1, &budget)))
        }
        return members
    }
}
