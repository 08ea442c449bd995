/// Where each named parameter of a network stands in its flat vector.
///
/// Order: layer by layer, weight before bias, the head last, without gaps. Shapes are PyTorch's: `[outputs,
/// inputs]` for a dense layer, `[outputs, inputs, kernel, kernel]` for a convolution, `[outputs]` for a bias.
public struct ParameterLayout: Sendable, Equatable {
    /// One named parameter.
    public struct Entry: Sendable, Equatable {
        /// `layers/0/weight`, `layers/0/bias`, …, `head/weight`, `head/bias`.
        public let name: String
        /// Extents, outermost first.
        public let shape: [Int]
        /// First element within the flat vector.
        public let offset: Int
        /// Number of elements.
        public var count: Int { shape.reduce(1, *) }
        /// The elements' range within the flat vector.
        public var range: Range<Int> { offset..<(offset + count) }
        /// Inputs of one output unit: the fan-in of initialisers.
        public let fanIn: Int
    }

    /// The parameters in order.
    public let entries: [Entry]
    /// Elements of the flat vector.
    public let count: Int

    /// Lays out an architecture's parameters.
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) for an architecture that cannot be built.
    public init(_ architecture: NetworkArchitecture) throws(ModelError) {
        let shapes = try architecture.layerShapes()
        var entries: [Entry] = []
        var offset = 0
        func add(_ name: String, _ shape: [Int], fanIn: Int) {
            entries.append(Entry(name: name, shape: shape, offset: offset, fanIn: fanIn))
            offset += shape.reduce(1, *)
        }
        var inputs = architecture.input.shape
        for (index, output) in shapes.enumerated() {
            let isHead = index == architecture.layers.count
            let name = isHead ? "head" : "layers/\(index)"
            var shape = [output[0], NetworkArchitecture.product(inputs)]
            if !isHead, case .convolution(_, let kernel, _) = architecture.layers[index] {
                shape = [output[0], inputs[0], kernel, kernel]
            }
            let fanIn = shape.dropFirst().reduce(1, *)
            add("\(name)/weight", shape, fanIn: fanIn)
            add("\(name)/bias", [output[0]], fanIn: fanIn)
            inputs = output
        }
        self.entries = entries
        count = offset
    }

    /// The parameter of a name, or `nil`.
    public subscript(name: String) -> Entry? { entries.first { $0.name == name } }
}
