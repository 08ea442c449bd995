internal import DQNModel

/// The weights of a Keras model, by layer.
enum KerasWeights {
    /// As Keras 1 and 2 store them: a group for each layer with the names of its weights as an attribute.
    case byName(HierarchicalObject)
    /// As Keras 3 stores them: groups within `layers` with the weights as `vars/0`, `vars/1`, and so on.
    case byClass(HierarchicalObject)

    /// More weights than any layer of a policy has.
    private static let limit = 64

    /// Returns the weights of a layer, in the order of Keras.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    func tensors(of layer: KerasLayer) throws(InterchangeError) -> [ForeignTensor] {
        switch self {
        case .byName(let group):
            // The weights of a model within the model are all in its group, also those of layers whose names others have.
            for name in layer.models + [layer.name] {
                guard let found = try group.member(at: name) else { continue }
                var names = try Self.names(found)
                if !layer.models.isEmpty { names = names.filter { Self.owner(of: $0) == layer.name } }
                guard names.count <= Self.limit else {
                    throw .malformed("\(found.words) of \(group.file.name) has \(names.count) weights.")
                }
                var tensors: [ForeignTensor] = []
                for name in names { tensors.append(try Self.tensor(name, found)) }
                return tensors
            }
            return []
        case .byClass(let root):
            var group = root
            for name in layer.storePath {
                guard let container = try Self.container(of: group), let next = try container.member(name) else {
                    return []
                }
                group = next
            }
            return try Self.variables(of: group)
        }
    }

    /// The names of the weights of a layer's group.
    static func names(_ group: HierarchicalObject) throws(InterchangeError) -> [String] {
        try group.splitTexts("weight_names") ?? []
    }

    /// Reads a weight of a layer's group.
    static func tensor(_ name: String, _ group: HierarchicalObject) throws(InterchangeError) -> ForeignTensor {
        guard let found = try group.member(at: name) else {
            throw .malformed("\(group.words) of \(group.file.name) names the weight '\(name)' and lacks it.")
        }
        return try found.tensor()
    }

    /// The last but one part of a weight's name, which is its layer's name: `dense` of `q/dense/kernel:0`.
    private static func owner(of weight: String) -> String {
        weight.split(separator: "/").dropLast().last.map(String.init) ?? ""
    }

    /// The group with the layers of a model: `layers`, or as Keras 2.12 and 2.13 called it.
    private static func container(of group: HierarchicalObject) throws(InterchangeError) -> HierarchicalObject? {
        for name in ["layers", "_layer_checkpoint_dependencies"] {
            if let found = try group.member(name) { return found }
        }
        return nil
    }

    /// The weights `vars/0`, `vars/1`, … of a group.
    static func variables(of group: HierarchicalObject) throws(InterchangeError) -> [ForeignTensor] {
        guard let variables = try group.member("vars") else { return [] }
        var tensors: [ForeignTensor] = []
        while tensors.count < limit, let next = try variables.member(String(tensors.count)) {
            tensors.append(try next.tensor())
        }
        return tensors
    }
}
