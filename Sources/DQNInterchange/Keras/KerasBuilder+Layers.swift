internal import DQNModel

extension KerasBuilder {
    /// Layers that do nothing when a network acts.
    private static let withoutEffect: Set<String> = [
        "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout",
        "ActivityRegularization", "Identity",
    ]

    /// Applies a layer with one input to what is before it.
    mutating func apply(_ layer: KerasLayer, to stream: inout KerasStream) throws(InterchangeError) {
        switch layer.className {
        case let name where Self.withoutEffect.contains(name): break
        case "Dense": try dense(layer, &stream)
        case "Conv2D", "Convolution2D": try convolution(layer, &stream)
        case "MaxPooling2D", "MaxPool2D": try pooling(layer, &stream, isMaximum: true)
        case "AveragePooling2D", "AvgPool2D": try pooling(layer, &stream, isMaximum: false)
        case "GlobalMaxPooling2D", "GlobalMaxPool2D": try globalPooling(layer, &stream, isMaximum: true)
        case "GlobalAveragePooling2D", "GlobalAvgPool2D": try globalPooling(layer, &stream, isMaximum: false)
        case "Flatten": try flatten(layer, &stream)
        case "Reshape": try reshape(layer, &stream)
        case "Permute": try permute(layer, &stream)
        case "ZeroPadding2D": try pad(layer, &stream, isLowest: false)
        case "LowestPadding": try pad(layer, &stream, isLowest: true)
        case "Activation": try activate(layer.config["activation"], layer, &stream)
        case "ReLU", "ELU", "Softmax", "LeakyReLU", "ThresholdedReLU", "PReLU":
            try activate(.object(["class_name": .string(layer.className), "config": layer.config]), layer, &stream)
        case "BatchNormalization": try batchNormalization(layer, &stream)
        case "LayerNormalization": try layerNormalization(layer, &stream)
        case "Normalization": try normalization(layer, &stream)
        case "Embedding": try embedding(layer, &stream)
        case "Diagonal":
            let tensors = try tensors(layer, 2...2)
            try scaled(&stream, tensors[0].doubles, tensors[1].doubles, axis: stream.shape.count - 1, layer)
        case "Rescaling":
            let (scale, shift) = (try values("scale", 1, layer), try values("offset", 0, layer))
            try scaled(&stream, scale, shift, axis: stream.shape.count - 1, layer)
        default:
            throw .notRepresentable(
                "'\(layer.path)' of \(file) is a layer of the class '\(layer.className)', which networks here do not have."
            )
        }
    }

    private func values(_ key: String, _ standard: Double, _ layer: KerasLayer) throws(InterchangeError) -> [Double] {
        if case .array(let items)? = layer.config[key] {
            let numbers = items.compactMap(\.doubleValue)
            guard numbers.count == items.count, !numbers.isEmpty else { throw layer.invalid(key) }
            return numbers
        }
        return [try layer.number(key, standard)]
    }

    /// Returns the weights of a layer, which must have the extents that it needs.
    func tensors(_ layer: KerasLayer, _ count: ClosedRange<Int>) throws(InterchangeError) -> [ForeignTensor] {
        let tensors = try weights.tensors(of: layer)
        guard count.contains(tensors.count) else {
            throw .malformed(
                "'\(layer.path)' of \(file), a \(layer.className), has \(tensors.count) weights in the file instead of "
                    + "\(count.upperBound).")
        }
        for tensor in tensors {
            guard [.float16, .bfloat16, .float32, .float64].contains(tensor.element) else {
                throw .notRepresentable(
                    "'\(layer.path)' of \(file) has weights of the type \(tensor.element.rawValue) instead of "
                        + "floating-point numbers.")
            }
        }
        return tensors
    }

    /// Returns the kernel and the bias of a layer; a bias that the layer lacks is zero.
    private func kernel(
        _ layer: KerasLayer, rank: Int
    ) throws(InterchangeError) -> (kernel: ForeignTensor, bias: [Float]) {
        let hasBias = (layer.config["use_bias"] ?? layer.config["bias"]) != .bool(false)
        let tensors = try tensors(layer, hasBias ? 2...2 : 1...1)
        let kernel = tensors[0]
        guard kernel.shape.count == rank, kernel.count > 0, let units = kernel.shape.last else {
            throw .malformed("'\(layer.path)' of \(file) has a kernel of \(kernel.shape).")
        }
        guard hasBias else { return (kernel, [Float](repeating: 0, count: units)) }
        guard tensors[1].shape == [units] else {
            throw .malformed("'\(layer.path)' of \(file) has a bias of \(tensors[1].shape) for \(units) outputs.")
        }
        return (kernel, tensors[1].floats)
    }

    private mutating func dense(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        let (kernel, bias) = try kernel(layer, rank: 2)
        guard stream.isVector else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) is a dense layer on each row of \(stream.shape); networks here have Flatten "
                    + "before it.")
        }
        try requireNoPadding(layer, stream)
        let (inputs, units) = (kernel.shape[0], kernel.shape[1])
        guard inputs == stream.count else {
            throw .malformed("'\(layer.path)' of \(file) takes \(inputs) inputs, and there are \(stream.count).")
        }
        let values = kernel.floats
        var weight = [Float](repeating: 0, count: values.count)
        for (row, place) in stream.order.enumerated() {
            for unit in 0..<units { weight[unit * inputs + Int(place)] = values[row * units + unit] }
        }
        var operation = KerasStream.Operation(
            number: nextNumber(), layer: .dense(units: units, activation: .identity), weight: weight, bias: bias,
            shape: [units, inputs], source: layer.path)
        if let pending = stream.pending {
            for unit in 0..<units {
                var sum = Double(bias[unit])
                for input in 0..<inputs {
                    let value = Double(weight[unit * inputs + input])
                    sum += value * pending.shift[input]
                    operation.weight[unit * inputs + input] = Float(value * pending.scale[input])
                }
                operation.bias[unit] = Float(sum)
            }
            stream.pending = nil
        }
        stream.append(operation, shape: stream.shape.dropLast() + [units], order: (0..<Int32(units)).map { $0 })
        try activate(layer.config["activation"], layer, &stream)
    }

    /// Applies a table with a row for each number that the observation may be. Such a number enters networks here as one
    /// unit for each, and the rows are the weights of a layer without an activation.
    private mutating func embedding(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        let table = try tensors(layer, 1...1)[0]
        guard stream.isInput, stream.count == 1, !stream.statesScale, table.shape.count == 2, table.count > 0 else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) is an embedding of something else than an observation of one number, which networks "
                    + "here do not have.")
        }
        let (numbers, units) = (table.shape[0], table.shape[1])
        let shape = stream.shape + [units]
        stream = try KerasStream(input: stream.input, shape: [numbers], file)
        stream.append(
            KerasStream.Operation(
                number: nextNumber(), layer: .dense(units: units, activation: .identity),
                weight: ForeignTensor.outputsFirst(table.floats, table.shape),
                bias: [Float](repeating: 0, count: units),
                shape: [units, numbers], source: layer.path),
            shape: shape, order: (0..<Int32(units)).map { $0 })
        note(
            "'\(layer.path)' is an embedding of \(numbers) numbers; an observation enters the network as one unit for each of "
                + "them.")
    }

    private mutating func convolution(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        let (kernel, bias) = try kernel(layer, rank: 4)
        let isChannelsFirst = try image(layer, &stream)
        // Keras 1 stored kernels for Theano in another order.
        guard layer.config["dim_ordering"]?.stringValue != "th" else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) has a kernel in the order of Theano; save it with Keras 2.")
        }
        if let groups = layer.config["groups"]?.integerValue, groups != 1 {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) has \(groups) groups of channels; networks here have one.")
        }
        let input = Self.extents(stream.shape, isChannelsFirst)
        let stride = try layer.extent("strides", "subsample", standard: .init(1))
        let dilation = try layer.extent("dilation_rate", standard: .init(1))
        let (outputs, inputs) = (kernel.shape[3], kernel.shape[2])
        guard inputs == input.channels else {
            throw .malformed("'\(layer.path)' of \(file) takes \(inputs) channels, and there are \(input.channels).")
        }
        guard kernel.shape[0] <= 4096, kernel.shape[1] <= 4096 else {
            throw .notRepresentable("'\(layer.path)' of \(file) has a kernel of \(kernel.shape).")
        }
        let isSame = try layer.hasSamePadding()
        guard !stream.padsWithLowest else { throw unpadded(layer) }
        let given = stream.padding ?? [0, 0, 0, 0]
        let rows = WindowAxis(
            size: input.rows, kernel: kernel.shape[0], stride: stride.rows, dilation: dilation.rows, isSame: isSame,
            before: given[0], after: given[1])
        let columns = WindowAxis(
            size: input.columns, kernel: kernel.shape[1], stride: stride.columns, dilation: dilation.columns,
            isSame: isSame, before: given[2], after: given[3])
        stream.padding = nil
        guard rows.extendedKernel <= 4096, columns.extendedKernel <= 4096, Self.isPossible(outputs, rows, columns)
        else {
            throw .notRepresentable("'\(layer.path)' of \(file) has a kernel that does not fit \(stream.shape).")
        }
        // The zeros of dilated kernels are no part of the file: a rate of 4 needs fewer than 16 times the weights.
        guard outputs * inputs * rows.extendedKernel * columns.extendedKernel <= max(16 * kernel.count, 1 << 16) else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) has a dilation_rate of \(dilation.rows)x\(dilation.columns), whose kernel with its "
                    + "zeros would be too large; kernels of this size are imported up to 4.")
        }
        var operation = KerasStream.Operation(
            number: nextNumber(),
            layer: .convolution(
                outputs: outputs, kernel: .init(rows: rows.extendedKernel, columns: columns.extendedKernel),
                stride: stride,
                padding: .init(rows: rows.padding, columns: columns.padding), activation: .identity),
            weight: WindowAxis.extended(ForeignTensor.outputsFirst(kernel.floats, kernel.shape), rows, columns),
            bias: bias,
            shape: [outputs, inputs, rows.extendedKernel, columns.extendedKernel], source: layer.path)
        if let pending = stream.pending {
            try absorb(pending, &operation, hasPadding: rows.hasPadding || columns.hasPadding, layer)
            stream.pending = nil
        }
        let shape =
            isChannelsFirst ? [outputs, rows.outputs, columns.outputs] : [rows.outputs, columns.outputs, outputs]
        stream.append(
            operation, shape: shape, order: KerasStream.imageOrder(shape, isChannelsFirst: isChannelsFirst))
        try activate(layer.config["activation"], layer, &stream)
    }

    /// Whether windows fit an image, and their outputs are not too many.
    static func isPossible(_ channels: Int, _ rows: WindowAxis, _ columns: WindowAxis) -> Bool {
        let count = Double(channels) * Double(rows.outputs) * Double(columns.outputs)
        return (1...Double(KerasStream.elementLimit)).contains(count)
    }

    /// Applies what is left of a normalisation to a convolution's weights.
    private func absorb(
        _ pending: KerasStream.Affine, _ operation: inout KerasStream.Operation, hasPadding: Bool, _ layer: KerasLayer
    ) throws(InterchangeError) {
        let (outputs, inputs) = (operation.shape[0], operation.shape[1])
        let size = operation.shape[2] * operation.shape[3]
        let pixels = pending.scale.count / inputs
        let isUniform = (0..<pending.scale.count).allSatisfy {
            pending.scale[$0] == pending.scale[$0 / pixels * pixels]
                && pending.shift[$0] == pending.shift[$0 / pixels * pixels]
        }
        guard isUniform, !hasPadding || pending.shift.allSatisfy({ $0 == 0 }) else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) is a convolution with padding after a normalisation, which cannot be put into "
                    + "its weights.")
        }
        for output in 0..<outputs {
            var sum = Double(operation.bias[output])
            for input in 0..<inputs {
                let start = (output * inputs + input) * size
                for index in start..<(start + size) {
                    let value = Double(operation.weight[index])
                    sum += value * pending.shift[input * pixels]
                    operation.weight[index] = Float(value * pending.scale[input * pixels])
                }
            }
            operation.bias[output] = Float(sum)
        }
    }
}
