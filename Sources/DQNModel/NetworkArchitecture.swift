/// The layers of a network. They determine the name and shape of every parameter.
///
/// Hidden layers end in a rectified linear unit; the head does not. Convolutions come first, and their output is
/// flattened (channel, row, column) before the first dense layer.
public struct NetworkArchitecture: Sendable, Equatable, Codable {
    /// A hidden layer.
    public enum Layer: Sendable, Equatable, Codable {
        /// A two-dimensional convolution without padding, with `outputs` channels, a square kernel and equal strides.
        case convolution(outputs: Int, kernel: Int, stride: Int)
        /// A fully connected layer.
        case dense(units: Int)
    }

    /// The shape and element type of the observation: `[features]` or `[channels, height, width]`.
    public var input: ObservationSpace
    /// The hidden layers, in order.
    public var layers: [Layer]
    /// The layers after the hidden layers.
    public var head: Head

    /// Creates an architecture.
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) when a size is not positive, a convolution follows a dense layer
    ///   or a vector, a kernel is larger than its input, or the network has 2^31 parameters or more.
    public init(input: ObservationSpace, layers: [Layer], head: Head) throws(ModelError) {
        self.input = input
        self.layers = layers
        self.head = head
        _ = try layerShapes()
    }

    /// Returns the output shape of every layer, the head last: `[channels, rows, columns]` or `[units]`.
    ///
    /// In a dueling network, the shape of the last dense hidden layer is the shape of each stream's layer.
    ///
    /// - Throws: the errors of ``init(input:layers:head:)``; decoding does not check the layers.
    package func layerShapes() throws(ModelError) -> [[Int]] {
        func fail(_ text: String) -> ModelError { ModelError(code: .invalidArchitecture, message: text) }
        let limit = 1 << 24
        guard !input.shape.isEmpty, input.shape.allSatisfy({ (1...limit).contains($0) }),
            input.element == .float32 || input.element == .uint8,
            // As floating-point numbers, because the product of extents from an untrusted file may overflow.
            input.shape.reduce(1.0, { $0 * Double($1) }) <= 0x1p28
        else {
            throw fail(
                "The network's input must be float32 or uint8 with positive extents; found "
                    + "\(input.element.rawValue) \(input.shape).")
        }
        var shape = input.shape
        var shapes: [[Int]] = []
        for (index, layer) in layers.enumerated() {
            switch layer {
            case .convolution(let outputs, let kernel, let stride):
                guard shape.count == 3 else {
                    throw fail(
                        "Layer \(index) is a convolution and needs an input of channels, rows and columns, not \(shape); "
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
                    throw fail("Layer \(index) must have from 1 to \(limit) units; found \(units).")
                }
                shape = [units]
            }
            shapes.append(shape)
        }
        guard (1...65_536).contains(actionCount) else {
            throw fail("A network must have from 1 to 65536 actions; found \(actionCount).")
        }
        shapes.append([outputCount])
        let total = weightCount(shapes)
        guard total < 0x1p31 else { throw fail("The network has \(total) parameters; the limit is 2^31.") }
        return shapes
    }

    /// The number of weights, as a floating-point number because it may overflow an integer.
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
