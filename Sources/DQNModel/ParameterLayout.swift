/// The position of each named parameter in a network's flat parameter vector.
///
/// Layers follow in order without gaps, weight before bias, the head last. In a dueling head the value stream precedes
/// the advantage stream. Shapes are PyTorch's: `[outputs, inputs]` for a dense layer, `[outputs, inputs, kernel, kernel]`
/// for a convolution, `[outputs]` for a bias.
public struct ParameterLayout: Sendable, Equatable {
    /// One named parameter.
    public struct Entry: Sendable, Equatable {
        /// The parameter's name: `layers/0/weight`, `layers/0/bias`, …, `head/weight`, `head/bias`. A dueling head has
        /// `value/output/…` and `advantage/output/…` instead, each after its stream's hidden layer, if any
        /// (`value/hidden/…`).
        public let name: String
        /// The parameter's extents, outermost first.
        public let shape: [Int]
        /// The index of the first element in the flat vector.
        public let offset: Int
        /// The number of elements.
        public var count: Int { shape.reduce(1, *) }
        /// The range of the elements in the flat vector.
        package var range: Range<Int> { offset..<(offset + count) }
        /// The number of inputs of one output unit, as initialisers use it.
        package let fanIn: Int
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
        var entries: [Entry] = []
        var offset = 0
        func add(_ name: String, weight shape: [Int]) {
            let fanIn = shape.dropFirst().reduce(1, *)
            for (part, shape) in [("weight", shape), ("bias", [shape[0]])] {
                entries.append(Entry(name: "\(name)/\(part)", shape: shape, offset: offset, fanIn: fanIn))
                offset += shape.reduce(1, *)
            }
        }
        var inputs = architecture.input.shape
        for (index, layer) in architecture.trunk.enumerated() {
            switch layer {
            case .convolution(let outputs, let kernel, _):
                add("layers/\(index)", weight: [outputs, inputs[0], kernel, kernel])
            case .dense(let units): add("layers/\(index)", weight: [units, NetworkArchitecture.product(inputs)])
            }
            inputs = shapes[index]
        }
        let features = NetworkArchitecture.product(inputs)
        if case .dueling(let actions) = architecture.head {
            for (stream, outputs) in [("value", 1), ("advantage", actions)] {
                let units = architecture.streamUnits
                if let units { add("\(stream)/hidden", weight: [units, features]) }
                add("\(stream)/output", weight: [outputs, units ?? features])
            }
        } else {
            add("head", weight: [architecture.outputCount, features])
        }
        self.entries = entries
        count = offset
    }

    /// The parameter with a name, or `nil`.
    package subscript(name: String) -> Entry? { entries.first { $0.name == name } }
}
