package import DQNModel
package import Foundation

/// What the user decides about an imported file.
package struct ImportOptions: Sendable {
    /// The id of the environment that the policy plays.
    package var environment: String?
    /// The activation of all hidden layers, if the file does not say.
    package var activation: NetworkArchitecture.Activation?
    /// What Stable-Baselines3's `VecNormalize` saved, if the policy was trained with it.
    package var normalizationFile: URL?
    /// The settings of `--map`: `network=PREFIX`, `input=4x84x84`, `frame_stack=4`, `input_scale=1/255`,
    /// `input_offset=0` and `quantiles=51`; for a hidden layer N `layers.N.activation=tanh`, `layers.N.stride=4` or
    /// `layers.N.padding=1`; for one of a stream `value.layers.N.activation=tanh`; for a layer of the file
    /// `NAME.transpose=true`; for models of Keras `head=dueling` and `head.activation=identity`.
    package private(set) var map: [String: String] = [:]

    /// Creates options.
    ///
    /// - Throws: ``InterchangeError`` (`ambiguous`) for a setting that does not exist or occurs twice.
    package init(
        environment: String? = nil, activation: NetworkArchitecture.Activation? = nil, map settings: [String] = [],
        normalizationFile: URL? = nil
    ) throws(InterchangeError) {
        self.environment = environment
        self.activation = activation
        self.normalizationFile = normalizationFile
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, Self.isKey(parts[0]) else {
                throw .ambiguous(
                    "--map \(setting) is invalid; use network=PREFIX, input=4x84x84, frame_stack=4, input_scale=1/255, input_offset=0, quantiles=51, or "
                        + "layers.0.activation=tanh, layers.0.stride=4, layers.0.padding=1, NAME.transpose=true.")
            }
            guard map.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw .ambiguous("--map sets '\(parts[0])' twice; give it once.")
            }
        }
    }

    /// The settings that only models of Keras take.
    static let modelKeys = ["head", "head.activation"]

    private static func isKey(_ key: String) -> Bool {
        let plain = ["network", "input", "frame_stack", "input_scale", "input_offset", "quantiles"]
        if plain.contains(key) || modelKeys.contains(key) { return true }
        if key.hasSuffix(".transpose"), key.count > 10 { return true }
        return layer(key) != nil
    }

    /// Returns the hidden layer of this library's network that a setting is for, and its stream unless it is shared;
    /// `nil` if the setting is for something else.
    static func layer(_ key: String) -> (stream: String?, index: Int)? {
        var parts = key.split(separator: ".", omittingEmptySubsequences: false)
        let settings = parts.first == "layers" ? ["activation", "stride", "padding"] : ["activation"]
        var stream: String?
        if parts.count == 4, ["value", "advantage", "policy"].contains(parts[0]) {
            stream = String(parts.removeFirst())
        }
        guard parts.count == 3, parts[0] == "layers", let index = Int(parts[1]), index >= 0,
            String(index) == parts[1], settings.contains(String(parts[2]))
        else { return nil }
        return (stream, index)
    }

    /// The first setting of what graphs and whole models say themselves: layers of a stream, and quantiles.
    var settingOfWeights: String? { map.keys.filter { Self.layer($0)?.stream != nil || $0 == "quantiles" }.min() }

    /// Returns the names of layers in the file whose order of axes the user gives, and whether outputs come last.
    func transposed() throws(InterchangeError) -> [String: Bool] {
        var names: [String: Bool] = [:]
        for (key, text) in map where key.hasSuffix(".transpose") {
            guard let value = Bool(text) else {
                throw .ambiguous("--map \(key)=\(text) must be true (inputs x outputs) or false (outputs x inputs).")
            }
            names[String(key.dropLast(10))] = value
        }
        return names
    }

    /// Returns how observations are scaled: what the user says, otherwise what the file says.
    func scaling(_ facts: InputScaling) throws(InterchangeError) -> InputScaling {
        var result = facts
        if let scale = try inputScale() { result.scale = [Float(scale)] }
        if let text = map["input_offset"] {
            guard let offset = Float(text), offset.isFinite else {
                throw .ambiguous("--map input_offset=\(text) must be a number such as 0 or 127.5.")
            }
            result.offset = [offset]
        }
        return result
    }

    /// Returns a setting that must be a number of a range.
    func number(_ key: String, _ range: ClosedRange<Int>) throws(InterchangeError) -> Int? {
        guard let text = map[key] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .ambiguous("--map \(key)=\(text) must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// Returns the activation of a hidden layer that has one of its own.
    func activation(ofLayer index: Int) throws(InterchangeError) -> NetworkArchitecture.Activation? {
        try activation(of: "layers.\(index)")
    }

    /// Returns the activation of a hidden layer by its name, such as `layers.0` or `value.layers.0`.
    func activation(of layer: String) throws(InterchangeError) -> NetworkArchitecture.Activation? {
        guard let text = map["\(layer).activation"] else { return nil }
        guard let activation = NetworkArchitecture.Activation(rawValue: text) else {
            let names = NetworkArchitecture.Activation.allCases.map(\.rawValue).joined(separator: ", ")
            throw .ambiguous("--map \(layer).activation=\(text) is unknown; use one of \(names).")
        }
        return activation
    }

    /// Whether the user says that the last layers of a Keras model are the streams of a dueling head.
    func isDueling() throws(InterchangeError) -> Bool {
        guard let text = map["head"] else { return false }
        guard text == "dueling" else {
            throw .ambiguous("--map head=\(text) is unknown; only head=dueling is supported.")
        }
        return true
    }

    /// Returns what the input is multiplied by: a number, or a quotient such as `1/255`.
    func inputScale() throws(InterchangeError) -> Double? {
        guard let text = map["input_scale"] else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
        if let first = parts[0], parts.count <= 2,
            case let scale = parts.count == 2 ? parts[1].map({ first / $0 }) : first,
            let scale, scale.isFinite, scale != 0
        {
            return scale
        }
        throw .ambiguous("--map input_scale=\(text) must be a number such as 1/255 or 0.1.")
    }

    /// Returns the shape of the input.
    func input() throws(InterchangeError) -> [Int]? {
        guard let text = map["input"] else { return nil }
        let extents = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...3).contains(extents.count), extents.allSatisfy({ $0.map { (1...(1 << 20)).contains($0) } ?? false })
        else {
            throw .ambiguous("--map input=\(text) must be extents such as 8 or 4x84x84, each at most \(1 << 20).")
        }
        return extents.compactMap { $0 }
    }
}
