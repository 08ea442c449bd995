internal import DQNModel

/// Tensors that stand together in a file, by their names in its order.
struct StateDictionary {
    /// The keys that lead to it, joined by dots; empty for the file's outermost dictionary.
    let path: String
    let tensors: [(name: String, tensor: ForeignTensor)]

    /// Returns the dictionaries of tensors in a file, outermost first. Those of optimisers are left out.
    static func all(in value: ForeignValue, path: String = "") -> [StateDictionary] {
        let members: [(key: String, value: ForeignValue)]
        switch value {
        case .dictionary(let items): members = items
        case .list(let items): members = items.enumerated().map { (String($0.offset), $0.element) }
        default: return []
        }
        if value["param_groups"] != nil, value["state"] != nil { return [] }
        var tensors: [(name: String, tensor: ForeignTensor)] = []
        var others: [StateDictionary] = []
        for (key, value) in members {
            if case .tensor(let tensor) = value {
                tensors.append((key, tensor))
            } else {
                others += all(in: value, path: path.isEmpty ? key : "\(path).\(key)")
            }
        }
        return (tensors.isEmpty ? [] : [StateDictionary(path: path, tensors: tensors)]) + others
    }
}
