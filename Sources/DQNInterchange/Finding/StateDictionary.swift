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

/// A layer of a foreign network: the tensors that share a name up to `weight` and `bias`.
struct ForeignModule {
    /// The name without `.weight` or `.bias`, with the path of its dictionary.
    let path: [String]
    var weight: ForeignTensor?
    var bias: ForeignTensor?
    /// Names of tensors that layers of this library do not have, such as `running_mean`.
    var others: [String] = []

    var name: String { path.joined(separator: ".") }

    /// The extents of the weight, outputs first.
    var shape: [Int] { weight?.shape ?? [] }

    /// Groups the tensors of a dictionary, in the order of the file.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) for names that are too long, or that mean the same tensor.
    static func all(in dictionary: StateDictionary, _ file: String) throws(InterchangeError) -> [ForeignModule] {
        var modules: [ForeignModule] = []
        var places: [[String]: Int] = [:]
        for (name, tensor) in dictionary.tensors {
            let full = dictionary.path.isEmpty ? name : "\(dictionary.path).\(name)"
            guard full.utf8.count <= ForeignLimit.nameBytes else { throw .tooLong(full, file) }
            var path = full.split(whereSeparator: { $0 == "." || $0 == "/" }).map(String.init)
            var kind = path.popLast() ?? ""
            // Arrays of NumPy have names such as fc1_weight.
            if kind != "weight", kind != "bias", let cut = kind.lastIndex(of: "_") {
                let end = kind[kind.index(after: cut)...]
                if end == "weight" || end == "bias" {
                    path.append(String(kind[..<cut]))
                    kind = String(end)
                }
            }
            guard path.count <= ForeignLimit.nameComponents else {
                throw .malformed(
                    "'\(full)' of \(file) has more than \(ForeignLimit.nameComponents) names within one another.")
            }
            let place = places[path] ?? modules.count
            if place == modules.count {
                places[path] = place
                modules.append(ForeignModule(path: path))
            }
            guard kind != "weight" || modules[place].weight == nil, kind != "bias" || modules[place].bias == nil else {
                throw .malformed("\(file) has two tensors for the \(kind) of '\(modules[place].name)'.")
            }
            switch kind {
            case "weight": modules[place].weight = tensor
            case "bias": modules[place].bias = tensor
            default: modules[place].others.append(kind)
            }
        }
        return modules
    }

    /// What a layer is that this library lacks; `nil` for a dense layer, a convolution or a layer normalisation.
    var unsupported: String? {
        if others.contains("running_mean") { return "a batch normalisation" }
        if others.contains(where: { $0.hasPrefix("weight_ih") || $0.hasPrefix("weight_hh") }) {
            return "a recurrent layer"
        }
        if others.contains("weight_mu") || others.contains("weight_sigma") { return "a noisy layer" }
        if others.contains("in_proj_weight") { return "an attention layer" }
        if let other = others.first { return "a layer with the tensor '\(other)'" }
        guard let weight else { return "a layer without a weight" }
        if let bias, bias.shape != [weight.shape.first ?? 0] { return "a layer with a bias of \(bias.shape)" }
        switch weight.shape.count {
        case 2, 4: return nil
        case 1 where bias != nil: return nil
        default: return "a layer with a weight of \(weight.shape)"
        }
    }
}
