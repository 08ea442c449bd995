internal import DQNModel

/// Activations and normalisations.
extension KerasBuilder {
    private static let activations: [String: NetworkArchitecture.Activation] = [
        "linear": .identity, "relu": .relu, "tanh": .tanh, "sigmoid": .sigmoid, "elu": .elu, "swish": .silu,
        "silu": .silu, "gelu": .gelu, "ReLU": .relu, "ELU": .elu,
    ]

    /// Applies an activation to the last layer.
    ///
    /// - Parameter value: its name, or an object with its class and configuration.
    mutating func activate(
        _ value: JSONValue?, _ layer: KerasLayer, _ stream: inout KerasStream
    ) throws(InterchangeError) {
        guard let value, value != .null else { return }
        let config = value["config"] ?? .null
        let name = value.stringValue ?? config.stringValue ?? value["class_name"]?.stringValue ?? "an unknown function"
        guard let activation = Self.activations[name], KerasLayer.isKeras(value), Self.isStandard(config) else {
            // The last layer may have one that does not change which output is the largest.
            stream.foreignActivation = name
            guard !stream.isInput, name == "softmax" || name == "Softmax" || name == "log_softmax" else {
                throw .notRepresentable(
                    "'\(layer.path)' of \(file) has the activation '\(name)', which networks here do not have in this form; "
                        + "they have relu, tanh, sigmoid, elu, silu and gelu with the usual constants.")
            }
            return
        }
        guard activation != .identity else { return }
        guard let last = stream.operations.last, stream.padding == nil else {
            throw .notRepresentable("'\(layer.path)' of \(file) is an activation without a layer before it.")
        }
        guard stream.pending == nil else { throw unabsorbed(layer) }
        if last.layer.activation == .relu, activation == .relu { return }
        guard last.layer.activation == .identity else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) is an activation after an activation, which networks here do not have.")
        }
        stream.operations[stream.operations.count - 1].layer.activation = activation
        stream.operations[stream.operations.count - 1].number = nextNumber()
    }

    /// Whether the constants of an activation's layer are those of its function.
    private static func isStandard(_ config: JSONValue) -> Bool {
        guard case .object(let members) = config else { return true }
        let standard: [String: Double] = ["negative_slope": 0, "threshold": 0, "alpha": 1]
        for (key, value) in standard {
            if let number = members[key]?.doubleValue, number != value { return false }
        }
        guard let largest = members["max_value"] else { return true }
        return largest == .null
    }

    mutating func batchNormalization(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        let hasScale = layer.config["scale"] != .bool(false)
        let hasCenter = layer.config["center"] != .bool(false)
        let count = 2 + (hasScale ? 1 : 0) + (hasCenter ? 1 : 0)
        var tensors = try tensors(layer, count...count)
        let size = tensors[0].count
        guard tensors.allSatisfy({ $0.shape == [size] }) else {
            throw .malformed("'\(layer.path)' of \(file) has weights of \(tensors.map(\.shape)).")
        }
        let ones = [Double](repeating: 1, count: size)
        let gamma = hasScale ? tensors.removeFirst().doubles : ones
        let beta = hasCenter ? tensors.removeFirst().doubles : ones.map { _ in 0 }
        let (mean, variance) = (tensors[0].doubles, tensors[1].doubles)
        let epsilon = try layer.number("epsilon", 1e-3)
        let scale = zip(gamma, variance).map { $0 / ($1 + epsilon).squareRoot() }
        let shift = (0..<size).map { beta[$0] - mean[$0] * scale[$0] }
        try scaled(&stream, scale, shift, axis: try axis(layer, stream), layer)
    }

    mutating func normalization(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        guard layer.config["invert"] != .bool(true) else {
            throw .notRepresentable("'\(layer.path)' of \(file) is an inverted normalisation.")
        }
        var (mean, variance): ([Double], [Double])
        if let given = Self.numbers(layer.config["mean"]), let spread = Self.numbers(layer.config["variance"]) {
            (mean, variance) = (given, spread)
        } else {
            let stored = try weights.tensors(of: layer)
            guard stored.count >= 2, stored[0].count == stored[1].count, stored[0].count > 0 else {
                throw .malformed("'\(layer.path)' of \(file) has no mean and variance.")
            }
            (mean, variance) = (stored[0].doubles, stored[1].doubles)
        }
        if variance.count == 1, mean.count > 1 { variance = mean.map { _ in variance[0] } }
        if mean.count == 1, variance.count > 1 { mean = variance.map { _ in mean[0] } }
        guard mean.count == variance.count else { throw layer.invalid("variance") }
        let scale = variance.map { 1 / max($0.squareRoot(), 1e-7) }
        let shift = zip(mean, scale).map { -$0 * $1 }
        try scaled(&stream, scale, shift, axis: try axis(layer, stream), layer)
    }

    private static func numbers(_ value: JSONValue?) -> [Double]? {
        if let number = value?.doubleValue { return [number] }
        guard case .array(let items)? = value, !items.isEmpty else { return nil }
        let nested = items.count == 1 ? numbers(items[0]) : nil
        if let nested { return nested }
        let numbers = items.compactMap(\.doubleValue)
        return numbers.count == items.count ? numbers : nil
    }

    /// The axis of a layer, from 0 without the batch.
    private func axis(_ layer: KerasLayer, _ stream: KerasStream) throws(InterchangeError) -> Int {
        var value = layer.config["axis"] ?? .integer(-1)
        if case .array(let items) = value, items.count == 1 { value = items[0] }
        if value == .null { return stream.shape.count - 1 }
        guard let number = value.integerValue, (-64...64).contains(number) else { throw layer.invalid("axis") }
        let axis = number < 0 ? stream.shape.count + number : number - 1
        guard stream.shape.indices.contains(axis) else { throw layer.invalid("axis") }
        return axis
    }

    /// The axes of a layer that may have several, in order.
    private func axes(_ layer: KerasLayer, _ stream: KerasStream) throws(InterchangeError) -> [Int] {
        guard case .array(let items)? = layer.config["axis"], items.count > 1 else { return [try axis(layer, stream)] }
        let axes = items.compactMap(\.integerValue).filter { (-64...64).contains($0) }
            .map { $0 < 0 ? stream.shape.count + $0 : $0 - 1 }
        guard axes.count == items.count, axes.allSatisfy({ stream.shape.indices.contains($0) }) else {
            throw layer.invalid("axis")
        }
        return axes.sorted()
    }

    /// Multiplies and adds: to the input, into the weights of the layer before, or later into those of the next one.
    mutating func scaled(
        _ stream: inout KerasStream, _ scale: [Double], _ shift: [Double], axis: Int, _ layer: KerasLayer
    ) throws(InterchangeError) {
        try requireNoPadding(layer, stream)
        let size = stream.shape[axis]
        let counts = Set([scale.count, shift.count])
        guard counts.isSubset(of: [1, size]) else {
            throw .malformed("'\(layer.path)' of \(file) has \(scale.count) values for \(size) elements.")
        }
        guard (scale + shift).allSatisfy(\.isFinite) else {
            throw .notRepresentable("'\(layer.path)' of \(file) has values that are not finite.")
        }
        let inner = stream.shape[(axis + 1)...].reduce(1, *)
        var affine = KerasStream.Affine(count: stream.count)
        for (element, place) in stream.order.enumerated() {
            let index = element / inner % size
            affine.scale[Int(place)] = scale[scale.count == 1 ? 0 : index]
            affine.shift[Int(place)] = shift[shift.count == 1 ? 0 : index]
        }
        if stream.isInput {
            stream.inputAffine = Self.composed(stream.inputAffine, affine)
            stream.statesScale = true
        } else if stream.pending == nil, Self.fold(affine, into: &stream.operations[stream.operations.count - 1]) {
            stream.operations[stream.operations.count - 1].number = nextNumber()
        } else {
            stream.pending = stream.pending.map { Self.composed($0, affine) } ?? affine
        }
    }

    private static func composed(_ first: KerasStream.Affine, _ second: KerasStream.Affine) -> KerasStream.Affine {
        var result = first
        for index in first.scale.indices {
            result.scale[index] = first.scale[index] * second.scale[index]
            result.shift[index] = first.shift[index] * second.scale[index] + second.shift[index]
        }
        return result
    }

    /// Puts a scale and a shift of the outputs into a layer's weights; returns whether that is the same.
    private static func fold(_ affine: KerasStream.Affine, into operation: inout KerasStream.Operation) -> Bool {
        guard operation.isDense || operation.isConvolution, operation.layer.activation == .identity else {
            return false
        }
        let outputs = operation.shape[0]
        let pixels = affine.scale.count / outputs
        let isUniform = affine.scale.indices.allSatisfy {
            affine.scale[$0] == affine.scale[$0 / pixels * pixels]
                && affine.shift[$0] == affine.shift[$0 / pixels * pixels]
        }
        guard isUniform else { return false }
        let inputs = operation.weight.count / outputs
        for output in 0..<outputs {
            let (scale, shift) = (affine.scale[output * pixels], affine.shift[output * pixels])
            for index in (output * inputs)..<((output + 1) * inputs) {
                operation.weight[index] = Float(Double(operation.weight[index]) * scale)
            }
            operation.bias[output] = Float(Double(operation.bias[output]) * scale + shift)
        }
        return true
    }

    mutating func layerNormalization(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        try requireNoPadding(layer, stream)
        let axes = try axes(layer, stream)
        guard axes == Array(stream.shape.indices) || stream.isVector && axes == [stream.shape.count - 1] else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) normalises each row of \(stream.shape); layer normalisations here are over all "
                    + "elements.")
        }
        guard layer.config["rms_scaling"] != .bool(true) else {
            throw .notRepresentable("'\(layer.path)' of \(file) is a normalisation by the root of mean squares.")
        }
        guard stream.pending == nil else { throw unabsorbed(layer) }
        let hasScale = layer.config["scale"] != .bool(false)
        let hasCenter = layer.config["center"] != .bool(false)
        let count = (hasScale ? 1 : 0) + (hasCenter ? 1 : 0)
        var tensors = try tensors(layer, count...count)
        guard tensors.allSatisfy({ $0.count == stream.count }) else {
            throw .malformed("'\(layer.path)' of \(file) has weights of \(tensors.map(\.shape)).")
        }
        try setEpsilon(try layer.number("epsilon", 1e-3), &stream, layer)
        var weight = [Float](repeating: 1, count: stream.count)
        var bias = [Float](repeating: 0, count: stream.count)
        func ordered(_ values: [Float]) -> [Float] {
            var result = values
            for (element, place) in stream.order.enumerated() { result[Int(place)] = values[element] }
            return result
        }
        if hasScale { weight = ordered(tensors.removeFirst().floats) }
        if hasCenter { bias = ordered(tensors.removeFirst().floats) }
        stream.append(
            KerasStream.Operation(
                number: nextNumber(), layer: .layerNorm(), weight: weight, bias: bias, shape: [stream.count],
                source: layer.path),
            shape: stream.shape, order: stream.order)
    }

    /// Makes a layer normalisation with this library's ε compute what one with another ε does.
    ///
    /// It divides by √(variance + ε). If its inputs are multiplied by a, with a² = 10⁻⁵ / ε, then the result is that of the
    /// other one, and a can be put into the weights before, also below a rectifier.
    private mutating func setEpsilon(
        _ epsilon: Double, _ stream: inout KerasStream, _ layer: KerasLayer
    ) throws(InterchangeError) {
        guard epsilon != NetworkArchitecture.layerNormEpsilon else { return }
        guard epsilon > 0, epsilon.isFinite else { throw layer.invalid("epsilon") }
        let factor = (NetworkArchitecture.layerNormEpsilon / epsilon).squareRoot()
        if stream.isInput {
            var affine = KerasStream.Affine(count: stream.count)
            affine.scale = affine.scale.map { _ in factor }
            stream.inputAffine = Self.composed(stream.inputAffine, affine)
            return
        }
        let last = stream.operations.count - 1
        let operation = stream.operations[last]
        guard operation.isDense || operation.isConvolution || operation.weight.count == operation.bias.count,
            !operation.weight.isEmpty, [.identity, .relu].contains(operation.layer.activation)
        else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) has an epsilon of \(epsilon), and that of layer normalisations here is "
                    + "\(NetworkArchitecture.layerNormEpsilon); that can be changed only behind a layer with weights and relu or no activation."
            )
        }
        stream.operations[last].weight = operation.weight.map { Float(Double($0) * factor) }
        stream.operations[last].bias = operation.bias.map { Float(Double($0) * factor) }
        stream.operations[last].number = nextNumber()
    }
}
