internal import DQNModel

/// What the settings of Stable-Baselines3 say about the network.
extension StableBaselinesFile {
    /// What the settings tell of the network.
    ///
    /// - Throws: ``InterchangeError``: `notRepresentable` for what the network has in its own code, `malformed`.
    static func facts(
        _ data: JSONValue, _ algorithm: Algorithm, _ options: ImportOptions, _ file: String
    ) throws(InterchangeError) -> NetworkFacts {
        var facts = NetworkFacts()
        let settings = data["policy_kwargs"] ?? .null
        if options.activation == nil {
            facts.activation = try activation(
                settings["activation_fn"], algorithm == .actorCritic ? .tanh : .relu, file)
        }
        if let extractor = settings["features_extractor_class"]?.stringValue,
            !extractor.contains("torch_layers.FlattenExtractor"), !extractor.contains("torch_layers.NatureCNN")
        {
            throw .notRepresentable(
                "\(file) extracts features with \(extractor), whose code would have to be run. If it is made of layers "
                    + "alone, extract 'policy.pth' from the archive and import that.")
        }
        if algorithm == .quantileRegression {
            facts.quantiles = settings["n_quantiles"]?.integerValue ?? data["n_quantiles"]?.integerValue ?? 200
            guard (1...65_536).contains(facts.quantiles) else {
                throw .malformed("\(file) has \(facts.quantiles) quantiles.")
            }
            facts.areQuantilesOutermost = true
        }
        facts.extractorActivation = .relu
        facts.scalesPixels = settings["normalize_images"] != .bool(false)
        try addInput(data["observation_space"] ?? .null, to: &facts, file)
        return facts
    }

    /// Adds the shape of observations.
    static func addInput(
        _ space: JSONValue, to facts: inout NetworkFacts, _ file: String
    ) throws(InterchangeError) {
        // Integers of NumPy are written as texts.
        if let count = space["n"]?.integerValue ?? space["n"]?.stringValue.flatMap({ Int($0) }),
            (1...1_000_000).contains(count)
        {
            // Discrete observations enter the network as one unit for each.
            facts.input = [count]
            facts.isImage = false
            return
        }
        guard space["nvec"] == nil, case .array(let extents)? = space["_shape"] ?? space["shape"] else { return }
        let shape = extents.compactMap(\.integerValue)
        guard shape.count == extents.count, (1...3).contains(shape.count), shape.allSatisfy({ $0 > 0 }) else {
            throw .malformed("\(file) has no shape of observations with one to three axes.")
        }
        let isBytes = shape.count == 3 && space["dtype"]?.stringValue == "uint8"
        // Only bytes from 0 to 255 are images for Stable-Baselines3: it divides them by 255, and transposes them to
        // channels first before the network, if they are not yet.
        let isImage =
            isBytes && isEverywhere(0, space["low_repr"] ?? space["low"])
            && isEverywhere(255, space["high_repr"] ?? space["high"])
        let isChannelsLast = isImage && shape[2] < shape[0] && shape[2] < shape[1]
        facts.input = isChannelsLast ? [shape[2], shape[0], shape[1]] : shape
        facts.isImage = isBytes
        if isBytes, !isImage { facts.scalesPixels = false }
        if shape.count == 3 { facts.strides = [4, 2, 1] }
    }

    /// Whether a bound is one number at all places. NumPy writes arrays as texts, of long ones the corners. Without the
    /// bound it is that of an image.
    private static func isEverywhere(_ bound: Double, _ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null?: return true
        case .array(let items)?: return items.allSatisfy { isEverywhere(bound, $0) }
        case .string(let text)?:
            let numbers = text.split { "[], \n".contains($0) }.filter { $0 != "..." }
            return !numbers.isEmpty && numbers.allSatisfy { Double($0) == bound }
        default: return value?.doubleValue == bound
        }
    }

    private static func activation(
        _ value: JSONValue?, _ standard: NetworkArchitecture.Activation, _ file: String
    ) throws(InterchangeError) -> NetworkArchitecture.Activation {
        guard let value, value != .null else { return standard }
        let text = value.stringValue ?? className(value, file) ?? value[":type:"]?.stringValue ?? "an unknown function"
        let known: [(String, NetworkArchitecture.Activation)] = [
            ("ReLU", .relu), ("Tanh", .tanh), ("Sigmoid", .sigmoid), ("ELU", .elu), ("SiLU", .silu), ("GELU", .gelu),
            ("Identity", .identity),
        ]
        for (name, activation) in known {
            let names = ["torch.nn.modules.activation.\(name)", "torch.nn.modules.linear.\(name)"]
            if names.contains(where: { text == $0 || text == "<class '\($0)'>" }) { return activation }
        }
        throw .notRepresentable(
            "\(file) has the activation \(text), which networks here do not have; if it is one of theirs under another "
                + "name, set it with --activation.")
    }
}
