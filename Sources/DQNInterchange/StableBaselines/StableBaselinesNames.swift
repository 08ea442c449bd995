internal import DQNModel

/// The parameters of a model of Stable-Baselines3 that the Python package of this library has made, whose description says
/// what the network is.
struct StableBaselinesNames {
    private var tensors: [String: ForeignTensor] = [:]

    init(_ value: ForeignValue) {
        guard case .dictionary(let members) = value else { return }
        for case (let key, .tensor(let tensor)) in members { tensors[key] = tensor }
    }

    /// Whether the names are those of a model.
    var isModel: Bool {
        tensors.keys.contains { name in
            ["q_net.", "mlp_extractor.", "features_extractor.", "action_net."].contains { name.hasPrefix($0) }
        }
    }

    /// Returns the parameters under the names of exported files, or `nil` if the model has another layout, or has been
    /// trained so that layers which the network shares have become different.
    func parameters(of architecture: NetworkArchitecture) -> ForeignValue? {
        guard let layout = try? ParameterLayout(architecture) else { return nil }
        let found =
            whole(layout) ?? sequence(architecture, layout) ?? actorCritic(architecture, layout)
        return found.map { .dictionary($0.map { ($0.name, .tensor($0.tensor)) }) }
    }

    private typealias Named = (name: String, tensor: ForeignTensor)

    /// The whole network as a features extractor.
    private func whole(_ layout: ParameterLayout) -> [Named]? {
        for prefix in ["q_net.features_extractor.network.", "features_extractor.network."] {
            let names = layout.entries.map { $0.name.replacing("/", with: ".") }
            var found = named(names, names.map { prefix + $0 })
            for name in [InputScaling.offsetName, InputScaling.scaleName] {
                if let tensor = tensors[prefix + name] { found?.append((name, tensor)) }
            }
            if let found { return found }
        }
        return nil
    }

    /// A `MlpPolicy` or a `CnnPolicy`: convolutions and a layer that extract features, then layers of Q-values.
    private func sequence(_ architecture: NetworkArchitecture, _ layout: ParameterLayout) -> [Named]? {
        let images = architecture.layers.prefix { if case .convolution = $0.kind { true } else { false } }.count
        var theirs = (0..<images).map { "q_net.features_extractor.cnn.\(2 * $0)" }
        if images > 0 { theirs.append("q_net.features_extractor.linear.0") }
        let rest = architecture.layers.count + 1 - theirs.count
        guard rest > 0, case .actionValues = architecture.head else { return nil }
        theirs += (0..<rest).map { "q_net.q_net.\(2 * $0)" }
        let ours = architecture.layers.indices.map { "layers.\($0)" } + ["head"]
        guard layout.entries.count == 2 * ours.count else { return nil }
        return named(Self.parts(ours), Self.parts(theirs))
    }

    /// An actor-critic network of dense layers that both outputs share. The model has two copies of them.
    private func actorCritic(_ architecture: NetworkArchitecture, _ layout: ParameterLayout) -> [Named]? {
        guard case .actorCritic(_, nil) = architecture.head,
            layout.entries.count == 2 * (architecture.layers.count + 1)
        else { return nil }
        let ours = Self.parts(architecture.layers.indices.map { "layers.\($0)" })
        let copies = ["policy", "value"].map { name in
            named(ours, Self.parts(architecture.layers.indices.map { "mlp_extractor.\(name)_net.\(2 * $0)" }))
        }
        guard var found = copies[0], let copy = copies[1], zip(found, copy).allSatisfy({ $0.tensor == $1.tensor })
        else { return nil }
        for part in ["weight", "bias"] {
            guard let action = tensors["action_net.\(part)"], let value = tensors["value_net.\(part)"],
                let joined = action.followed(by: value)
            else { return nil }
            found.append(("head.\(part)", joined))
        }
        return found
    }

    private static func parts(_ layers: [String]) -> [String] { layers.flatMap { ["\($0).weight", "\($0).bias"] } }

    private func named(_ ours: [String], _ theirs: [String]) -> [Named]? {
        var found: [Named] = []
        for (name, place) in zip(ours, theirs) {
            guard let tensor = tensors[place] else { return nil }
            found.append((name, tensor))
        }
        return found
    }
}

extension ForeignTensor {
    /// The rows of this tensor, then those of another of the same type and width.
    fileprivate func followed(by other: ForeignTensor) -> ForeignTensor? {
        guard element == other.element, let first = shape.first, let second = other.shape.first,
            shape.dropFirst() == other.shape.dropFirst()
        else { return nil }
        return ForeignTensor(element, [first + second] + shape.dropFirst(), unchecked: bytes + other.bytes)
    }
}
