/// The layers of a network, from which every parameter's name and shape follow.
///
/// Hidden layers end in a rectified linear unit, what the head gives does not. Convolutions come first; what they
/// give is flattened (channel, row, column) before the first dense layer.
public struct NetworkArchitecture: Sendable, Equatable, Codable {
    /// A hidden layer.
    public enum Layer: Sendable, Equatable, Codable {
        /// Two-dimensional convolution without padding: `outputs` channels, square kernel, equal strides.
        case convolution(outputs: Int, kernel: Int, stride: Int)
        /// Fully connected layer.
        case dense(units: Int)
    }

    /// Shape and element type of the observation: `[features]` or `[channels, height, width]`.
    public var input: ObservationSpace
    /// The hidden layers, in order.
    public var layers: [Layer]
    /// What comes after the hidden layers.
    public var head: Head

    /// Creates an architecture.
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) when a size is not positive, a convolution follows a dense
    ///   layer, its input has no channels, rows and columns, its kernel is larger than its input, or the network
    ///   would have more than 2^31 parameters.
    public init(input: ObservationSpace, layers: [Layer], head: Head) throws(ModelError) {
        self.input = input
        self.layers = layers
        self.head = head
        _ = try layerShapes()
    }

    /// The output shape of every layer, the head last; `[channels, rows, columns]` or `[units]`.
    ///
    /// Under a dueling head the last dense hidden layer's shape is that of either stream's.
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`), as ``init(input:layers:head:)``; a decoded value was not
    ///   checked yet.
    public func layerShapes() throws(ModelError) -> [[Int]] {
        func fail(_ text: String) -> ModelError { ModelError(code: .invalidArchitecture, message: text) }
        let limit = 1 << 24
        guard !input.shape.isEmpty, input.shape.allSatisfy({ (1...limit).contains($0) }),
            input.element == .float32 || input.element == .uint8,
            // As real numbers: the extents may come from a stranger's file, and their product overflow.
            input.shape.reduce(1.0, { $0 * Double($1) }) <= 0x1p28
        else { throw fail("The network's input must be float32 or uint8 with positive extents; found \(input.shape).") }
        var shape = input.shape
        var shapes: [[Int]] = []
        for (index, layer) in layers.enumerated() {
            switch layer {
            case .convolution(let outputs, let kernel, let stride):
                guard shape.count == 3 else {
                    throw fail(
                        "Layer \(index) is a convolution and needs channels, rows and columns, not \(shape); "
                            + "put convolutions first or use mlp:… for vectors.")
                }
                guard (1...limit).contains(outputs), kernel >= 1, (1...limit).contains(stride), kernel <= shape[1],
                    kernel <= shape[2]
                else {
                    throw fail("Layer \(index) (\(outputs)k\(kernel)s\(stride)) does not fit its input \(shape).")
                }
                shape = [outputs, (shape[1] - kernel) / stride + 1, (shape[2] - kernel) / stride + 1]
            case .dense(let units):
                guard (1...limit).contains(units) else {
                    throw fail("Layer \(index) needs at least one unit; found \(units).")
                }
                shape = [units]
            }
            shapes.append(shape)
        }
        guard (1...65_536).contains(actionCount) else {
            throw fail("A Q-network needs between 1 and 65536 actions; found \(actionCount).")
        }
        shapes.append([outputCount])
        let total = weightCount(shapes)
        guard total < 0x1p31 else { throw fail("The network has \(total) parameters; at most 2^31 are supported.") }
        return shapes
    }

    /// The number of weights, as a real number since it may be beyond all bounds.
    private func weightCount(_ shapes: [[Int]]) -> Double {
        var total = 0.0
        var inputs = input.shape
        for (layer, output) in zip(trunk, shapes) {
            switch layer {
            case .convolution(_, let kernel, _): total += Double(output[0]) * Double(inputs[0] * kernel * kernel)
            case .dense(let units): total += Double(units) * Double(Self.product(inputs))
            }
            inputs = output
        }
        let features = Double(Self.product(inputs))
        guard case .dueling(let actions) = head else { return total + Double(outputCount) * features }
        let outputs = Double(actions) + 1
        guard let units = streamUnits.map(Double.init) else { return total + outputs * features }
        return total + 2 * units * features + outputs * units
    }

    static func product(_ shape: [Int]) -> Int { shape.reduce(1, *) }
}
