internal import DQNModel

/// Computes a Keras model in symbols: what each layer does to what the layers before it have computed.
struct KerasBuilder {
    let weights: KerasWeights
    let options: ImportOptions
    let file: String
    /// Whether this library's `to_keras` has made the model.
    let isExported: Bool
    /// Whether code was replaced by the user's scale of the input.
    var usesInputScale = false
    /// What was assumed, one sentence each.
    var notes: [String] = []
    private var number = 0
    /// Elements of all outputs so far.
    private var elements = 0

    /// Bounds for untrusted models, in which a layer costs a few bytes of the file.
    private enum Limit {
        /// Elements of the outputs of all layers, each of which keeps their order.
        static let elements = 1 << 24
        /// Summands of a sum, which doubles if a layer adds it to itself.
        static let summands = 1024
    }

    init(_ weights: KerasWeights, _ options: ImportOptions, _ file: String, isExported: Bool) {
        (self.weights, self.options, self.file, self.isExported) = (weights, options, file, isExported)
    }

    mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    /// A number that no operation has yet.
    mutating func nextNumber() -> Int {
        number += 1
        return number
    }

    /// Returns the outputs of a model.
    ///
    /// - Parameter given: what a model within the model takes; `nil` for the outermost one, which takes observations.
    mutating func outputs(of model: KerasModel, _ given: [KerasValue]?) throws(InterchangeError) -> [KerasValue] {
        var values: [String: KerasValue] = [:]
        if let given {
            guard given.count == model.inputs.count else {
                throw .malformed("\(file) has a model within the model with \(model.inputs.count) inputs.")
            }
            for (name, value) in zip(model.inputs, given) { values[name] = value }
        }
        var left = model.nodes
        while !left.isEmpty {
            var waiting: [KerasModel.Node] = []
            for node in left where values[node.layer.name] == nil {
                var inputs: [KerasOperand] = []
                for argument in node.arguments {
                    switch argument {
                    case .number(let number): inputs.append(.number(number))
                    case .output(let name):
                        if let value = values[name] { inputs.append(.value(value)) }
                    }
                }
                if inputs.count < node.arguments.count {
                    waiting.append(node)
                } else {
                    let value = try value(of: node, inputs, model)
                    try count(value, node.layer)
                    values[node.layer.name] = value
                }
            }
            guard waiting.count < left.count else {
                throw .malformed(
                    "\(file) has layers in a circle, or layers without inputs: '\(waiting[0].layer.path)'.")
            }
            left = waiting
        }
        var outputs: [KerasValue] = []
        for name in model.outputs {
            guard let value = values[name] else { throw .malformed("\(file) has no layer '\(name)', its output.") }
            outputs.append(value)
        }
        return outputs
    }

    private mutating func count(_ value: KerasValue, _ layer: KerasLayer) throws(InterchangeError) {
        if case .stream(let stream) = value {
            // A scale and a shift take as much as four orders.
            elements += stream.isInput || stream.pending != nil ? 5 * stream.count : stream.count
        }
        guard elements <= Limit.elements else {
            throw .notRepresentable(
                "\(file) has more than \(Limit.elements) outputs up to '\(layer.path)'; networks here have fewer.")
        }
        guard value.streams.count <= Limit.summands else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) combines more than \(Limit.summands) outputs, which networks here do not.")
        }
    }

    private mutating func value(
        of node: KerasModel.Node, _ inputs: [KerasOperand], _ model: KerasModel
    ) throws(InterchangeError) -> KerasValue {
        let layer = node.layer
        if layer.className == "InputLayer" { return .stream(try input(layer, model)) }
        let values = inputs.compactMap { if case .value(let value) = $0 { value } else { nil } }
        if layer.isModel {
            let inner = try KerasModel(
                layer.config, models: layer.models + [layer.name], storePath: layer.storePath, file)
            let outputs = try outputs(of: inner, values)
            guard outputs.count == 1 else {
                throw .notRepresentable("'\(layer.path)' of \(file) is a model with \(outputs.count) outputs.")
            }
            return outputs[0]
        }
        if let combined = try combination(node, inputs, values) { return combined }
        guard values.count == 1, inputs.count == 1 else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) is a layer of the class '\(layer.className)' with \(inputs.count) inputs, which "
                    + "networks here do not have.")
        }
        guard case .stream(var stream) = values[0] else { throw notFollowed(layer, values[0]) }
        if let activation = stream.foreignActivation {
            throw .notRepresentable(
                "\(file) has the activation '\(activation)' before '\(layer.path)', which networks here do not have.")
        }
        if let mask = stream.mask {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) takes what the input '\(mask)' has masked; only outputs can be masked.")
        }
        try apply(layer, to: &stream)
        return .stream(stream)
    }

    private func notFollowed(_ layer: KerasLayer, _ value: KerasValue) -> InterchangeError {
        if case .opaque(let words, _) = value { return .notRepresentable(words) }
        return .notRepresentable(
            "'\(layer.path)' of \(file) follows a sum of layers or means of quantiles, which networks here do not have except as the streams of a "
                + "dueling head.")
    }

    /// Returns the stream that an input layer begins.
    private mutating func input(_ layer: KerasLayer, _ model: KerasModel) throws(InterchangeError) -> KerasStream {
        let mapped = try options.input()
        var shape: [Int] = []
        if case .array(let extents)? = KerasModel.shape(layer.config) {
            for (index, extent) in extents.dropFirst().enumerated() {
                if let size = extent.integerValue, size > 0 {
                    shape.append(size)
                    continue
                }
                // The rows and columns of images may be left open. The channels of Keras are last.
                guard let mapped, mapped.count == 3, extents.count == 4, index < 2 else {
                    throw .ambiguous(
                        "'\(layer.path)' of \(file) has an input whose extents are left open; set them with --map "
                            + "input=CxHxW.")
                }
                shape.append(mapped[index + 1])
            }
        }
        if shape.isEmpty {
            let found = try firstInputs(model)
            guard let size = mapped?.reduce(1, *) ?? found else {
                throw .ambiguous("\(file) does not say the extents of its input; set them with --map input=8.")
            }
            shape = [size]
        }
        if shape.count == 2, shape[0] > 1, shape[1] > 1 {
            note("The input has \(shape[0]) rows; if those are frames, say so with --map frame_stack=\(shape[0]).")
        }
        var stream = try KerasStream(input: layer.name, shape: shape, file)
        let type = layer.config["dtype"]
        stream.inputType = type?.stringValue ?? type?["config"]?["name"]?.stringValue
        return stream
    }

    /// The number of inputs of the first dense layer, if that is the first layer with weights.
    private func firstInputs(_ model: KerasModel) throws(InterchangeError) -> Int? {
        for node in model.nodes where node.layer.className != "InputLayer" {
            let tensors = try weights.tensors(of: node.layer)
            guard let first = tensors.first else { continue }
            return first.shape.count == 2 ? first.shape[0] : nil
        }
        return nil
    }
}
