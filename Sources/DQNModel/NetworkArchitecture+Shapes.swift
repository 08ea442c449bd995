extension NetworkArchitecture {
    /// Bounds for sizes, because architectures come from untrusted files.
    enum Limit {
        /// Units, channels, kernels, strides, paddings and outputs.
        static let size = 1 << 24
        static let layers = 4096
        static let actions = 65_536
        static let quantiles = 65_536
        /// Elements of an observation or of one layer's output.
        static let elements = 0x1p25
        /// Elements of all outputs together.
        static let allElements = 0x1p26
        static let parameters = 0x1p31
        /// Multiplications for an observation, and elements that poolings look at: minutes of a processor's core.
        static let operations = 0x1p36
    }

    /// Returns the output shape of every layer, the head last: `[channels, rows, columns]` or `[units]`.
    ///
    /// In a dueling network without explicit streams, the shape of a last dense layer is the shape of each stream's
    /// layer. The layers of explicit streams are checked and not listed.
    ///
    /// - Throws: the errors of ``init(input:inputOffset:inputScale:layers:head:)``; decoding does not check the layers.
    package func layerShapes() throws(ModelError) -> [[Int]] {
        try checkInput()
        guard layers.count <= Limit.layers else { throw .invalid(Self.tooMany(layers)) }
        var shape = input.shape
        var shapes: [[Int]] = []
        for (index, layer) in layers.enumerated() {
            shape = try layer.outputShape(for: shape, name: "Layer \(index)")
            shapes.append(shape)
        }
        try checkHead()
        let trunkOutput = trunk.isEmpty ? input.shape : shapes[trunk.count - 1]
        for stream in streams { try Self.check(stream, for: trunkOutput) }
        shapes.append([outputCount])
        let sizes = sizes(shapes)
        guard sizes.parameters < Limit.parameters else {
            throw .invalid("The network has \(sizes.parameters) parameters; the limit is 2^31.")
        }
        guard sizes.elements <= Limit.allElements else {
            throw .invalid("The network's layers have \(sizes.elements) outputs for an observation; the limit is 2^26.")
        }
        guard sizes.operations <= Limit.operations else {
            throw .invalid(
                "The network needs \(sizes.operations) multiplications for an observation; the limit is 2^36.")
        }
        return shapes
    }

    /// The number of elements of an observation and of the outputs of all layers, those of the streams included.
    ///
    /// - Throws: the errors of ``init(input:inputOffset:inputScale:layers:head:)``.
    package func activationCount() throws(ModelError) -> Int { Int(sizes(try layerShapes()).elements) }

    private func checkInput() throws(ModelError) {
        guard !input.shape.isEmpty, input.shape.allSatisfy({ (1...Limit.size).contains($0) }),
            input.element == .float32 || input.element == .uint8,
            // As floating-point numbers, because the product of extents from an untrusted file may overflow.
            input.shape.reduce(1.0, { $0 * Double($1) }) <= Limit.elements
        else {
            throw .invalid(
                "The network's input must be float32 or uint8 with positive extents; found "
                    + "\(input.element.rawValue) \(input.shape).")
        }
        for (name, values) in [("offset", inputOffset), ("scale", inputScale)] where !values.isEmpty {
            guard values.count == 1 || values.count == input.count else {
                throw .invalid(
                    "The network's input \(name) must have one value or one for each of \(input.count) elements; "
                        + "found \(values.count).")
            }
            if let value = values.first(where: { !$0.isFinite }) {
                throw .invalid("The network's input \(name) must be finite; found \(value).")
            }
        }
    }

    private static func tooMany(_ layers: [some Any]) -> String {
        "A network must have at most \(Limit.layers) hidden layers; found \(layers.count)."
    }

    private func checkHead() throws(ModelError) {
        guard (1...Limit.actions).contains(actionCount) else {
            throw .invalid("A network must have from 1 to \(Limit.actions) actions; found \(actionCount).")
        }
        guard case .quantiles(let actions, let quantiles) = head else { return }
        guard (1...Limit.quantiles).contains(quantiles), actions * quantiles <= Limit.size else {
            throw .invalid(
                "A head must have from 1 to \(Limit.quantiles) quantiles for each action and at most \(Limit.size) in "
                    + "total; found \(quantiles) for \(actions) actions.")
        }
    }

    private static func check(_ stream: Stream, for trunkOutput: [Int]) throws(ModelError) {
        guard stream.hidden.count <= Limit.layers else { throw .invalid(Self.tooMany(stream.hidden)) }
        var shape = trunkOutput
        for item in stream.hidden {
            switch item.layer.kind {
            case .dense, .layerNorm: break
            case .convolution, .maxPooling, .averagePooling:
                throw .invalid(
                    "'\(item.name)' is \(item.layer.text); a stream has only dense layers and layer normalisations.")
            }
            shape = try item.layer.outputShape(for: shape, name: "'\(item.name)'")
        }
    }

    /// The number of parameters, elements and operations, as floating-point numbers because they may overflow integers.
    private func sizes(_ shapes: [[Int]]) -> (parameters: Double, elements: Double, operations: Double) {
        var parameters = 0.0
        var operations = 0.0
        var elements = Double(Self.product(input.shape))
        func add(_ layer: Layer, _ inputs: [Int], _ output: [Int]) {
            parameters += layer.parameterCount(inputs: inputs, outputs: output)
            elements += Double(Self.product(output))
            operations += Double(Self.product(output)) * layer.operationsPerOutput(inputs: inputs)
        }
        var inputs = input.shape
        for (layer, output) in zip(trunk, shapes) {
            add(layer, inputs, output)
            inputs = output
        }
        for stream in streams {
            var features = inputs
            for item in stream.hidden {
                var output = features
                if case .dense(let units) = item.layer.kind { output = [units] }
                add(item.layer, features, output)
                features = output
            }
            parameters += Double(stream.outputs) * (Double(Self.product(features)) + 1)
            elements += Double(stream.outputs)
        }
        return (parameters, elements, operations)
    }

    static func product(_ shape: [Int]) -> Int { shape.reduce(1, *) }
}

extension ModelError {
    /// An error with the code `invalidArchitecture`.
    static func invalid(_ message: String) -> ModelError { ModelError(code: .invalidArchitecture, message: message) }
}
