internal import DQNModel

/// A Keras model: layers, and which takes the outputs of which.
struct KerasModel {
    /// What a layer takes.
    enum Argument {
        case output(of: String)
        case number(Double)
    }

    struct Node {
        let layer: KerasLayer
        let arguments: [Argument]
        /// What it is called with besides, such as an axis.
        let settings: [String: JSONValue]
    }

    private enum Limit {
        static let layers = 1024
        static let nesting = 8
    }

    let name: String?
    /// The description of the policy that this library's `to_keras` has made the model of: a layer that does nothing has its
    /// bytes as an option, because models of Keras keep no other text.
    var policy: [UInt8]? {
        let layer = nodes.first { $0.layer.name == PolicyExport.descriptionKey && $0.layer.className == "Dropout" }?
            .layer
        guard let layer, case .array(let items)? = layer.config["noise_shape"] else { return nil }
        let bytes = items.compactMap { $0.integerValue.flatMap { UInt8(exactly: $0) } }
        return bytes.count == items.count ? bytes : nil
    }
    /// Whether this library's `to_keras` has made the model, whose input has the type and the axes of the observations.
    var isExported: Bool { name == "policy" && inputs == ["observation"] }
    /// The nodes, in the order of the file.
    private(set) var nodes: [Node] = []
    /// The names of the input layers.
    private(set) var inputs: [String] = []
    /// The names of the layers whose outputs are those of the model.
    private(set) var outputs: [String] = []

    /// Reads the description of a model, with its class and its configuration.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    init(
        _ description: JSONValue, models: [String] = [], storePath: [String] = [], _ file: String
    ) throws(InterchangeError) {
        guard models.count <= Limit.nesting else { throw .malformed("\(file) has models within models endlessly.") }
        let config = description["config"] ?? .null
        let list: JSONValue? = if case .array = config { config } else { config["layers"] }
        guard let className = description["class_name"]?.stringValue, KerasLayer.isModel(className),
            case .array(let items)? = list
        else {
            let name = description["class_name"]?.stringValue ?? "an unknown class"
            throw .notRepresentable("\(file) has a model of the class '\(name)', whose code would have to be run.")
        }
        guard items.count <= Limit.layers else {
            throw .notRepresentable("\(file) has \(items.count) layers; at most \(Limit.layers) can be imported.")
        }
        name = config["name"]?.stringValue
        var used: [String: Int] = [:]
        var layers: [KerasLayer] = []
        for (index, item) in items.enumerated() {
            guard var layerClass = item["class_name"]?.stringValue else {
                throw .malformed("\(file) has a layer without a class.")
            }
            let ownClass = KerasLayer.ownClass(item)
            layerClass = ownClass ?? layerClass
            let settings = item["config"] ?? .null
            let name = item["name"]?.stringValue ?? settings["name"]?.stringValue ?? "layer_\(index)"
            let words = (models + [name]).joined(separator: ".")
            guard ownClass != nil || KerasLayer.isKeras(item) else {
                throw .notRepresentable(
                    "'\(words)' of \(file) is a layer of the class '\(layerClass)', whose code would have to be run.")
            }
            let stored = KerasLayer.storeName(layerClass)
            let count = used[stored, default: 0]
            used[stored] = count + 1
            // A model within the model is described as the outermost one is.
            let layerConfig = KerasLayer.isModel(layerClass) ? item : settings
            layers.append(
                KerasLayer(
                    className: layerClass, name: name, config: layerConfig, models: models,
                    storePath: storePath + [count == 0 ? stored : "\(stored)_\(count)"]))
        }
        if className == "Sequential" {
            try connect(layers, config, models, file)
        } else {
            try connect(layers, items, config, file)
        }
    }

    /// Connects the layers of a chain.
    private mutating func connect(
        _ layers: [KerasLayer], _ config: JSONValue, _ models: [String], _ file: String
    ) throws(InterchangeError) {
        var previous: String
        var rest = layers[...]
        if let first = layers.first, first.className == "InputLayer" {
            previous = first.name
            nodes.append(Node(layer: first, arguments: [], settings: [:]))
            rest = rest.dropFirst()
        } else {
            previous = "the input"
            let shape = layers.first.flatMap { Self.shape($0.config) ?? $0.config["config"].flatMap(Self.shape) }
            nodes.append(
                Node(
                    layer: KerasLayer(
                        className: "InputLayer", name: previous,
                        config: .object(["batch_shape": shape ?? config["build_input_shape"] ?? .null]), models: models,
                        storePath: []),
                    arguments: [], settings: [:]))
        }
        inputs = [previous]
        for layer in rest {
            nodes.append(Node(layer: layer, arguments: [.output(of: previous)], settings: [:]))
            previous = layer.name
        }
        outputs = [previous]
        try requireDistinct(file)
    }

    /// The shape of a layer's input with the batch, as Keras 2 and 3 call it.
    static func shape(_ config: JSONValue) -> JSONValue? {
        [config["batch_shape"], config["batch_input_shape"]].compactMap { $0 }.first { $0 != .null }
    }

    /// Connects the layers of a graph.
    private mutating func connect(
        _ layers: [KerasLayer], _ items: [JSONValue], _ config: JSONValue, _ file: String
    ) throws(InterchangeError) {
        for (layer, item) in zip(layers, items) {
            let calls: [JSONValue] = if case .array(let calls)? = item["inbound_nodes"] { calls } else { [] }
            guard calls.count <= 1 else {
                throw .notRepresentable(
                    "'\(layer.path)' of \(file) is used \(calls.count) times; layers here are used once.")
            }
            var arguments: [Argument] = []
            var settings: [String: JSONValue] = [:]
            if let call = calls.first { try KerasCall.read(call, &arguments, &settings, layer, file) }
            nodes.append(Node(layer: layer, arguments: arguments, settings: settings))
        }
        inputs = KerasCall.names(config["input_layers"])
        outputs = KerasCall.names(config["output_layers"])
        guard !inputs.isEmpty, !outputs.isEmpty else {
            throw .malformed("\(file) has a model without input or output.")
        }
        try requireDistinct(file)
    }

    private func requireDistinct(_ file: String) throws(InterchangeError) {
        var names: Set<String> = []
        for node in nodes where !names.insert(node.layer.name).inserted {
            throw .malformed("\(file) has two layers of the name '\(node.layer.path)'.")
        }
    }
}
