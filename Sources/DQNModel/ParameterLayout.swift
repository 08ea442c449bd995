/// The position of each named parameter in a network's flat parameter vector.
///
/// Layers follow in order without gaps, weight before bias, the head last; poolings have no parameters. The streams of a
/// head follow one another: value before advantage, policy before value. Shapes are PyTorch's: `[outputs, inputs]` for a
/// dense layer, `[outputs, inputs, rows, columns]` for a convolution, `[outputs]` for a bias, and the shape of the layer
/// below for both parameters of a layer normalisation.
public struct ParameterLayout: Sendable, Equatable {
    /// One named parameter.
    public struct Entry: Sendable, Equatable {
        /// What a parameter does, as initialisers need to know.
        package enum Role: Sendable, Equatable {
            /// The weights of a convolution or of a dense layer.
            case weight
            /// Their biases.
            case bias
            /// What a layer normalisation multiplies by; initially ones.
            case normalizationWeight
            /// What a layer normalisation adds; initially zeros.
            case normalizationBias
        }

        /// The parameter's name: `layers/0/weight`, `layers/0/bias`, …, `head/weight`, `head/bias`.
        ///
        /// A dueling head has `value/output/…` and `advantage/output/…` instead, each after its stream's hidden layer, if
        /// any (`value/hidden/…`). Heads with explicit streams have `value/layers/0/…`, …, `value/output/…` and the same
        /// for `advantage` or `policy`.
        public let name: String
        /// The parameter's extents, outermost first.
        public let shape: [Int]
        /// The index of the first element in the flat vector.
        public let offset: Int
        /// The number of elements.
        public var count: Int { shape.reduce(1, *) }
        /// The range of the elements in the flat vector.
        package var range: Range<Int> { offset..<(offset + count) }
        /// The number of inputs of one output unit, as initialisers use it; 1 for a layer normalisation.
        package let fanIn: Int
        /// What the parameter does.
        package let role: Role
    }

    /// The parameters in order.
    public let entries: [Entry]
    /// The number of elements of the flat vector.
    public let count: Int

    /// Computes the layout of a network's parameters.
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) when the architecture is invalid.
    public init(_ architecture: NetworkArchitecture) throws(ModelError) {
        let shapes = try architecture.layerShapes()
        var builder = Builder()
        var inputs = architecture.input.shape
        for (index, layer) in architecture.trunk.enumerated() {
            builder.add("layers/\(index)", layer, inputs: inputs)
            inputs = shapes[index]
        }
        for stream in architecture.streams {
            var features = inputs
            for item in stream.hidden {
                builder.add(item.name, item.layer, inputs: features)
                if case .dense(let units) = item.layer.kind { features = [units] }
            }
            builder.add(stream.outputName, weight: [stream.outputs, NetworkArchitecture.product(features)])
        }
        entries = builder.entries
        count = builder.offset
    }

    /// The parameter with a name, or `nil`.
    package subscript(name: String) -> Entry? { entries.first { $0.name == name } }

    private struct Builder {
        var entries: [Entry] = []
        var offset = 0

        mutating func add(_ name: String, _ layer: NetworkArchitecture.Layer, inputs: [Int]) {
            switch layer.kind {
            case .convolution(let sizes):
                add(name, weight: [sizes.outputs, inputs[0], sizes.kernel.rows, sizes.kernel.columns])
            case .dense(let units): add(name, weight: [units, NetworkArchitecture.product(inputs)])
            case .layerNorm:
                add("\(name)/weight", inputs, fanIn: 1, .normalizationWeight)
                add("\(name)/bias", inputs, fanIn: 1, .normalizationBias)
            case .maxPooling, .averagePooling: break
            }
        }

        mutating func add(_ name: String, weight shape: [Int]) {
            let fanIn = shape.dropFirst().reduce(1, *)
            add("\(name)/weight", shape, fanIn: fanIn, .weight)
            add("\(name)/bias", [shape[0]], fanIn: fanIn, .bias)
        }

        private mutating func add(_ name: String, _ shape: [Int], fanIn: Int, _ role: Entry.Role) {
            entries.append(Entry(name: name, shape: shape, offset: offset, fanIn: fanIn, role: role))
            offset += shape.reduce(1, *)
        }
    }
}
