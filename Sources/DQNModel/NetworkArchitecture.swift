/// The layers of a network. They determine the name and shape of every parameter.
///
/// Each hidden layer ends in its activation; the head's outputs do not. Convolutions and poolings come first, and their
/// output is flattened (channel, row, column) before the first dense layer.
public struct NetworkArchitecture: Sendable, Equatable {
    /// The shape and element type of the observation: `[features]` or `[channels, height, width]`.
    public var input: ObservationSpace
    /// What is subtracted from the observation's elements: nothing if empty, one number for all elements, or one number
    /// for each element in row-major order.
    public var inputOffset: [Float]
    /// What the elements are multiplied by after the subtraction: one number for all elements or one for each in
    /// row-major order. If empty, `.uint8` is multiplied by 1/255 and `.float32` is unchanged.
    public var inputScale: [Float]
    /// The hidden layers, in order.
    public var layers: [Layer]
    /// The layers after the hidden layers.
    public var head: Head

    /// Creates an architecture.
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) when a size is not positive or a padding is negative, a
    ///   convolution or a pooling follows a dense layer or a vector, a kernel is larger than its padded input, an offset
    ///   or a scale is not finite or has the wrong number of values, or the network has 2^31 parameters or more.
    public init(
        input: ObservationSpace, inputOffset: [Float] = [], inputScale: [Float] = [], layers: [Layer], head: Head
    ) throws(ModelError) {
        self.input = input
        self.inputOffset = inputOffset
        self.inputScale = inputScale
        self.layers = layers
        self.head = head
        _ = try layerShapes()
    }
}
