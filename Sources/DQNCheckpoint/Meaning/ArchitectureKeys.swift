internal import DQNModel

/// Rule 25: the keys that a version defines for `/architecture`. A key that a reader does not know may change what the
/// network computes, so that it must not be ignored.
struct ArchitectureKeys: Sendable {
    /// The keys of the document.
    private let document: Set<String>
    /// The keys of a layer of each type.
    private let layers: [String: Set<String>]
    /// The keys of a head of each type.
    private let heads: [String: Set<String>]

    private static let input: Set<String> = ["element", "shape"]

    /// The keys of 1.0 to 2.0.
    static let basic = ArchitectureKeys(
        document: ["head", "input", "layers"],
        layers: ["convolution": ["type", "outputs", "kernel", "stride"], "dense": ["type", "units"]],
        heads: [
            "action_values": ["type", "actions"], "dueling": ["type", "actions"], "actor_critic": ["type", "actions"],
        ])

    /// The keys from 2.1 on.
    static let all: ArchitectureKeys = {
        let pooling: Set<String> = ["type", "kernel", "stride", "padding", "activation"]
        return ArchitectureKeys(
            document: basic.document.union(["input_offset", "input_scale"]),
            layers: [
                "convolution": pooling.union(["outputs"]), "dense": ["type", "units", "activation"],
                "layer_norm": ["type", "activation"], "max_pooling": pooling, "average_pooling": pooling,
            ],
            heads: [
                "action_values": ["type", "actions"],
                "dueling": ["type", "actions", "value_layers", "advantage_layers"],
                "actor_critic": ["type", "actions", "policy_layers", "value_layers"],
                "quantiles": ["type", "actions", "quantiles"],
            ])
    }()

    /// Returns the place of a key that is not defined, such as `layers/0/rate`, for a document that has been decoded.
    func unknownKey(in architecture: JSONValue) -> String? {
        let head = architecture["head"] ?? .null
        var known = heads[head["type"]?.stringValue ?? ""] ?? []
        if let key = Self.unknownKey(in: architecture, document, "") { return key }
        if let key = Self.unknownKey(in: architecture["input"], Self.input, "input/") { return key }
        if let key = Self.unknownKey(in: head, known, "head/") { return key }
        if let key = unknownKey(inLayers: architecture["layers"], "layers/") { return key }
        known.subtract(["type", "actions", "quantiles"])
        for name in known.sorted() {
            if let key = unknownKey(inLayers: head[name], "head/\(name)/") { return key }
        }
        return nil
    }

    private func unknownKey(inLayers value: JSONValue?, _ place: String) -> String? {
        guard case .array(let items)? = value else { return nil }
        for (index, layer) in items.enumerated() {
            let known = layers[layer["type"]?.stringValue ?? ""] ?? []
            if let key = Self.unknownKey(in: layer, known, "\(place)\(index)/") { return key }
        }
        return nil
    }

    private static func unknownKey(in value: JSONValue?, _ known: Set<String>, _ place: String) -> String? {
        guard case .object(let members)? = value else { return nil }
        return members.keys.filter { !known.contains($0) }.min().map { place + $0 }
    }
}
