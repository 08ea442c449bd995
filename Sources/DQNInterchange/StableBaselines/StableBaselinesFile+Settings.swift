internal import DQNModel

/// What the settings of a model of Stable-Baselines3 say.
extension StableBaselinesFile {
    /// What the settings tell of the network.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`) for other algorithms, and for what the network has in its own
    ///   code.
    static func facts(_ data: JSONValue, _ file: String) throws(InterchangeError) -> NetworkFacts {
        let module = data["policy_class"]?["__module__"]?.stringValue ?? "an unknown class"
        let isQuantile = module.contains("qrdqn")
        guard isQuantile || module.contains(".dqn.") else {
            throw .notRepresentable(
                "\(file) has a policy of '\(module)'; only those of DQN and QR-DQN can be imported.")
        }
        var facts = NetworkFacts()
        let settings = data["policy_kwargs"] ?? .null
        facts.activation = try activation(settings["activation_fn"], file)
        if let extractor = settings["features_extractor_class"]?.stringValue,
            !extractor.contains("torch_layers.FlattenExtractor"), !extractor.contains("torch_layers.NatureCNN")
        {
            throw .notRepresentable("\(file) extracts features with \(extractor), whose code would have to be run.")
        }
        if isQuantile {
            facts.quantiles = settings["n_quantiles"]?.integerValue ?? data["n_quantiles"]?.integerValue ?? 200
            guard (1...65_536).contains(facts.quantiles) else {
                throw .malformed("\(file) has \(facts.quantiles) quantiles.")
            }
            facts.areQuantilesOutermost = true
        }
        let space = data["observation_space"] ?? .null
        if case .array(let extents)? = space["shape"] ?? space["_shape"] {
            let shape = extents.compactMap(\.integerValue)
            guard shape.count == extents.count, !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
                throw .malformed("\(file) has no shape of observations.")
            }
            // Frames are transposed to channels first before the network, if they are not yet.
            let isChannelsLast = shape.count == 3 && shape[2] < shape[0] && shape[2] < shape[1]
            facts.input = isChannelsLast ? [shape[2], shape[0], shape[1]] : shape
            facts.isImage = shape.count == 3 && space["dtype"]?.stringValue == "uint8"
            facts.scalesPixels = settings["normalize_images"] != .bool(false)
            facts.extractorActivation = .relu
            if shape.count == 3 { facts.strides = [4, 2, 1] }
        }
        return facts
    }

    private static func activation(
        _ value: JSONValue?, _ file: String
    ) throws(InterchangeError) -> NetworkArchitecture.Activation {
        guard let value, value != .null else { return .relu }
        let text = value.stringValue ?? value[":type:"]?.stringValue ?? "an unknown function"
        let known: [(String, NetworkArchitecture.Activation)] = [
            ("ReLU", .relu), ("Tanh", .tanh), ("Sigmoid", .sigmoid), ("ELU", .elu), ("SiLU", .silu), ("GELU", .gelu),
            ("Identity", .identity),
        ]
        for (name, activation) in known
        where text == "<class 'torch.nn.modules.activation.\(name)'>"
            || text == "<class 'torch.nn.modules.linear.\(name)'>"
        {
            return activation
        }
        throw .notRepresentable("\(file) has the activation \(text), which networks here do not have.")
    }

    /// The settings of the training by the names of this library, as far as they mean the same.
    static func configuration(_ data: JSONValue) -> [String: JSONValue] {
        let names = [
            "gamma": "gamma", "batch_size": "batch_size", "learning_starts": "learning_starts",
            "exploration_final_eps": "epsilon_final",
        ]
        var configuration: [String: JSONValue] = [:]
        for (theirs, ours) in names {
            if let value = data[theirs], value.doubleValue != nil { configuration[ours] = value }
        }
        return configuration
    }
}
