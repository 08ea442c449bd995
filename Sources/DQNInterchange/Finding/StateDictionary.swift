internal import DQNModel

/// Tensors that stand together in a file, by their names in its order.
struct StateDictionary {
    /// The keys that lead to it, joined by dots; empty for the file's outermost dictionary.
    let path: String
    let tensors: [(name: String, tensor: ForeignTensor)]

    /// Returns the dictionaries of tensors in a file, outermost first. Those of optimisers are left out.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) for more tensors or longer names than ``ForeignLimit`` allows.
    static func all(in value: ForeignValue, _ file: String) throws(InterchangeError) -> [StateDictionary] {
        var found: [StateDictionary] = []
        var count = 0
        try collect(value, "", file, &found, &count)
        return found
    }

    private static func collect(
        _ value: ForeignValue, _ path: String, _ file: String, _ found: inout [StateDictionary], _ count: inout Int
    ) throws(InterchangeError) {
        let members: [(key: String, value: ForeignValue)]
        switch value {
        case .dictionary(let items): members = items
        case .list(let items): members = items.enumerated().map { (String($0.offset), $0.element) }
        default: return
        }
        if value["param_groups"] != nil, value["state"] != nil { return }
        var tensors: [(name: String, tensor: ForeignTensor)] = []
        var others: [(name: String, value: ForeignValue)] = []
        for (key, value) in members {
            switch value {
            case .tensor(let tensor): tensors.append((key, tensor))
            case .dictionary, .list: others.append((key, value))
            default: break
            }
        }
        count += tensors.count
        guard count <= ForeignLimit.tensors else {
            throw .malformed(
                "\(file) has more than \(ForeignLimit.tensors) tensors; save the network's weights alone.")
        }
        if !tensors.isEmpty { found.append(StateDictionary(path: path, tensors: tensors)) }
        for (key, value) in others {
            guard path.utf8.count + key.utf8.count < ForeignLimit.nameBytes else { throw .tooLong(key, file) }
            try collect(value, path.isEmpty ? key : "\(path).\(key)", file, &found, &count)
        }
    }
}
