internal import DQNModel

/// Sums of outputs, which dueling networks compute from their streams; scales of the input; and code that is never run.
extension KerasBuilder {
    /// What a layer without weights computes.
    private enum Computation {
        case add, subtract, mean, multiply, divide, same
        /// Code in the file, or a function that is not followed.
        case unknown(String)
    }

    /// Returns what a layer computes if it combines outputs or numbers, `nil` for any other layer.
    mutating func combination(
        _ node: KerasModel.Node, _ inputs: [KerasOperand], _ values: [KerasValue]
    ) throws(InterchangeError) -> KerasValue? {
        let layer = node.layer
        guard let computation = Self.computation(layer), !values.isEmpty else { return nil }
        if case .same = computation { return values[0] }
        if case .stream(let stream) = values[0], stream.isInput, values.count == 1 {
            return .stream(try scaledInput(stream, computation, inputs, layer))
        }
        let isFollowed = !values.contains { if case .opaque = $0 { true } else { false } }
        switch computation {
        case .add where isFollowed && inputs.count == values.count && values.count > 1:
            var sum: [KerasTerm] = []
            for value in values { sum += try terms(value, 1, layer) }
            return .terms(sum)
        case .subtract where isFollowed && inputs.count == 2 && values.count == 2:
            return .terms(try terms(values[0], 1, layer) + terms(values[1], -1, layer))
        case .mean where isFollowed && values.count == 1:
            guard case .stream(let stream) = values[0], stream.mask == nil else { break }
            if let quantiles = Self.quantiles(node, stream) { return quantiles }
            guard stream.units != nil else { break }
            try requireMeanOfActions(node)
            return .terms([KerasTerm(stream: stream, isMean: true)])
        case .multiply where values.count == 2:
            // Networks that compute the loss of one action take a mask of the actions as a second input.
            for (value, mask) in [(values[0], values[1]), (values[1], values[0])] {
                guard case .stream(let masking) = mask, let masked = value.masked(by: masking) else { continue }
                note("The input '\(masking.input)' masks actions; all of them count here.")
                return masked
            }
        default: break
        }
        for case .opaque(let words, _) in values { return .opaque(words, values) }
        if case .unknown(let name) = computation {
            return .opaque(
                "'\(layer.path)' of \(file) is \(name), which is never run; if it joins the streams of a dueling head as "
                    + "Q = V + A − mean(A), say so with --map head=dueling.", values)
        }
        return .opaque("'\(layer.path)' of \(file) combines outputs in a way that networks here do not.", values)
    }

    private static func computation(_ layer: KerasLayer) -> Computation? {
        let name: String
        switch layer.className {
        case "Lambda": return .unknown("a Lambda, a function of Python")
        case "TFOpLambda", "SlicingOpLambda": name = layer.config["function"]?.stringValue ?? "an unknown function"
        case "TensorFlowOpLayer":
            var node = layer.config["node_def"] ?? .null
            if let text = node.stringValue, let parsed = try? JSONText.value(of: Array(text.utf8), valueLimit: 1 << 12)
            {
                node = parsed
            }
            name = node["op"]?.stringValue ?? "an unknown function"
        case "Add", "Subtract", "Multiply", "Mean", "Divide", "TrueDivide", "Cast": name = layer.className
        case "Concatenate", "GetItem", "Maximum", "Max", "ExpandDims", "Average", "Dot", "Minimum", "Slice", "Squeeze",
            "RepeatVector", "Negative":
            return .unknown("a \(layer.className)")
        default: return nil
        }
        switch name {
        case "Add", "AddV2", "math.add", "__operators__.add", "add": return .add
        case "Subtract", "Sub", "math.subtract", "__operators__.sub", "subtract": return .subtract
        case "Mean", "math.reduce_mean", "reduce_mean": return .mean
        case "Multiply", "Mul", "math.multiply", "__operators__.mul": return .multiply
        case "Divide", "TrueDivide", "RealDiv", "math.truediv", "math.divide", "__operators__.truediv": return .divide
        case "Cast", "cast", "identity", "Identity": return .same
        default: return .unknown("the function '\(name)'")
        }
    }

    private func terms(
        _ value: KerasValue, _ sign: Int, _ layer: KerasLayer
    ) throws(InterchangeError) -> [KerasTerm] {
        switch value {
        case .stream(let stream):
            guard stream.units != nil, stream.foreignActivation == nil, stream.pending == nil, stream.mask == nil else {
                throw .notRepresentable(
                    "'\(layer.path)' of \(file) adds outputs that are not those of dense layers, as residual networks do; "
                        + "networks here do not.")
            }
            return [KerasTerm(stream: stream, sign: sign)]
        case .terms(let terms):
            guard terms.allSatisfy({ $0.stream.mask == nil }) else {
                throw .notRepresentable("'\(layer.path)' of \(file) adds to outputs that an input masks.")
            }
            return terms.map { KerasTerm(stream: $0.stream, isMean: $0.isMean, sign: $0.sign * sign) }
        case .quantiles:
            throw .notRepresentable(
                "'\(layer.path)' of \(file) adds to the means of quantiles, which networks here do not.")
        case .opaque(let words, _): throw .notRepresentable(words)
        }
    }

    /// The axis of a mean.
    private static func axis(_ node: KerasModel.Node) -> JSONValue {
        var axis = node.settings["axis"] ?? node.layer.config["axis"] ?? .null
        // Files of TensorFlow 2.0 to 2.3 have the axis among the constants.
        if node.layer.className == "TensorFlowOpLayer", let constant = node.layer.config["constants"]?["1"] {
            axis = constant
        }
        if case .array(let items) = axis, items.count == 1 { return items[0] }
        return axis
    }

    /// Returns the means over the last axis of a dense layer's outputs that have been given two: actions and quantiles.
    private static func quantiles(_ node: KerasModel.Node, _ stream: KerasStream) -> KerasValue? {
        guard [.integer(2), .integer(-1)].contains(axis(node)), stream.shape.count == 2, stream.shape[0] > 1,
            stream.shape[1] > 1, stream.operations.last?.isDense == true,
            stream.order.enumerated().allSatisfy({ $0 == Int($1) })
        else { return nil }
        var flat = stream
        flat.shape = [stream.count]
        return .quantiles(flat, count: stream.shape[1])
    }

    /// Throws unless a mean is over the actions.
    private mutating func requireMeanOfActions(_ node: KerasModel.Node) throws(InterchangeError) {
        switch Self.axis(node) {
        case .integer(1), .integer(-1): break
        case .null:
            note(
                "'\(node.layer.path)' is a mean over all observations of a batch; here it is over the actions of one, as for a "
                    + "batch of one.")
        default:
            throw .notRepresentable("'\(node.layer.path)' of \(file) is a mean over another axis than the actions.")
        }
    }

    /// Applies a number to the input.
    private mutating func scaledInput(
        _ stream: KerasStream, _ computation: Computation, _ inputs: [KerasOperand], _ layer: KerasLayer
    ) throws(InterchangeError) -> KerasStream {
        var numbers = inputs.compactMap { if case .number(let number) = $0 { number } else { nil } }
        var isFirst = false
        if case .number? = inputs.first { isFirst = true }
        if numbers.isEmpty, let constant = layer.config["constants"]?["1"]?.doubleValue { numbers = [constant] }
        var result = stream
        result.statesScale = true
        switch computation {
        case .multiply where numbers.count == 1: Self.change(&result.inputAffine, numbers[0], 0)
        case .divide where numbers.count == 1 && numbers[0] != 0 && !isFirst:
            Self.change(&result.inputAffine, 1 / numbers[0], 0)
        case .add where numbers.count == 1: Self.change(&result.inputAffine, 1, numbers[0])
        case .subtract where numbers.count == 1 && !isFirst: Self.change(&result.inputAffine, 1, -numbers[0])
        case .unknown(let name):
            guard let scale = try options.inputScale() else {
                throw .notRepresentable(
                    "'\(layer.path)' of \(file) is \(name), which is never run; if it multiplies the input by a number, such as "
                        + "1/255, give that with --map input_scale=1/255.")
            }
            usesInputScale = true
            Self.change(&result.inputAffine, scale, 0)
        default:
            throw .notRepresentable("'\(layer.path)' of \(file) changes the input in a way that networks here do not.")
        }
        return result
    }

    private static func change(_ affine: inout KerasStream.Affine, _ scale: Double, _ shift: Double) {
        affine.scale = affine.scale.map { $0 * scale }
        affine.shift = affine.shift.map { $0 * scale + shift }
    }
}
