internal import DQNModel

/// Turns what a pickle built into a tree.
extension PickleReader {
    /// Returns a value without references. A container that contains itself, or is repeated so often that the tree would
    /// be larger than the pickle's bound, is refused.
    func foreign(_ value: PickleValue) throws(InterchangeError) -> ForeignValue {
        var budget = Budget(values: Limit.values(fileByteCount), bytes: Limit.copiedBytes(fileByteCount))
        return try foreign(value, depth: 0, &budget)
    }

    /// What a tree may still have.
    private struct Budget {
        var values: Int
        var bytes: Int
    }

    private func foreign(
        _ value: PickleValue, depth: Int, _ budget: inout Budget
    ) throws(InterchangeError) -> ForeignValue {
        budget.values -= 1
        guard depth <= Limit.depth else {
            throw .malformed("\(name) nests its containers endlessly, or more than \(Limit.depth) deep.")
        }
        guard budget.values > 0 else {
            throw .malformed(
                "\(name) has more than \(Limit.values(fileByteCount)) values, or repeats its containers too often; save "
                    + "the weights alone: torch.save(model.state_dict(), 'weights.pth').")
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
            if !tensor.isContiguous { try take(tensor.byteCount, &budget) }
            return .tensor(try tensor.contiguous())
        case .array(let array):
            guard array.isFortran, array.shape.count > 1 else {
                return .tensor(try ForeignTensor(array.element, array.shape, array.bytes, name))
            }
            try take(array.bytes.count, &budget)
            return .tensor(try .fortran(array.element, array.shape, array.bytes, name))
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

    /// Counts a tensor that is copied. Copies of one tensor count as often as they are made.
    private func take(_ byteCount: Int, _ budget: inout Budget) throws(InterchangeError) {
        budget.bytes -= byteCount
        guard budget.bytes >= 0 else { throw .malformed("\(name) repeats its tensors too often.") }
    }

    private func members(
        _ items: [PickleValue], _ depth: Int, _ budget: inout Budget
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
            guard key.utf8.count <= ForeignLimit.nameBytes else { throw .tooLong(key, name) }
            guard seen.insert(key).inserted else { throw .malformed("\(name) has the key '\(key)' twice.") }
            members.append((key, try foreign(items[index + 1], depth: depth + 1, &budget)))
        }
        return members
    }
}
