internal import DQNModel

/// What a network has computed up to a place: its layers so far, and how Keras orders the elements there.
///
/// Images here have their channels first, those of Keras usually last. Which element is which is therefore kept for each
/// output, so that layers that only reorder elements need no layer here and dense layers take their weights along.
struct KerasStream {
    /// A hidden layer, or the last one.
    struct Operation {
        /// Changes whenever the operation does: streams share operations with equal numbers.
        var number: Int
        var layer: NetworkArchitecture.Layer
        /// The weight as this library orders it, and its extents; empty for poolings.
        var weight: [Float] = []
        var bias: [Float] = []
        var shape: [Int] = []
        let source: String

        var isDense: Bool { if case .dense = layer.kind { true } else { false } }
        var isConvolution: Bool { if case .convolution = layer.kind { true } else { false } }
    }

    /// What elements are multiplied by, and what is added then.
    struct Affine {
        var scale: [Double]
        var shift: [Double]

        init(count: Int) {
            scale = [Double](repeating: 1, count: count)
            shift = [Double](repeating: 0, count: count)
        }

        var isIdentity: Bool { scale.allSatisfy { $0 == 1 } && shift.allSatisfy { $0 == 0 } }
    }

    /// More elements than observations have, so that a short file cannot claim a large image.
    static let elementLimit = 1 << 22

    /// The name of the input layer.
    let input: String
    /// The shape of the input as this library takes it.
    var inputShape: [Int]
    /// The scale of the input, in the order of this library.
    var inputAffine: Affine
    /// The shape of the current outputs in Keras, without the batch.
    var shape: [Int]
    /// The place of each of Keras's elements in this library's order.
    var order: [Int32]
    var operations: [Operation] = []
    /// What is left of a normalisation for the next layer.
    var pending: Affine?
    /// Zeros around the image for the next layer: before and after the rows, before and after the columns.
    var padding: [Int]?
    /// An activation that networks here do not have, which only the last layer may have.
    var foreignActivation: String?

    var count: Int { order.count }
    /// Whether the outputs are one vector.
    var isVector: Bool { !shape.isEmpty && shape.dropLast().allSatisfy { $0 == 1 } }
    /// The number of outputs if they are those of a dense layer.
    var units: Int? { operations.last?.isDense == true && isVector ? count : nil }
    /// Whether nothing has been computed yet.
    var isInput: Bool { operations.isEmpty }

    init(input: String, shape: [Int], _ file: String) throws(InterchangeError) {
        let count = try ForeignTensor.count(of: shape, "'\(input)' of \(file)")
        guard (1...Self.elementLimit).contains(count) else {
            throw .notRepresentable(
                "'\(input)' of \(file) has \(count) elements; at most \(Self.elementLimit) can be imported.")
        }
        self.input = input
        self.shape = shape
        // Frames of vectors are stacked one behind the other.
        inputShape = shape.count == 3 ? shape : [count]
        inputAffine = Affine(count: count)
        order = (0..<Int32(count)).map { $0 }
    }

    /// Makes the current order of the elements the order of the input. Only before the first layer.
    mutating func reorderInput(_ canonicalShape: [Int], _ canonical: [Int32]) {
        var (scale, shift) = (inputAffine.scale, inputAffine.shift)
        for (element, place) in order.enumerated() {
            scale[Int(canonical[element])] = inputAffine.scale[Int(place)]
            shift[Int(canonical[element])] = inputAffine.shift[Int(place)]
        }
        inputAffine.scale = scale
        inputAffine.shift = shift
        inputShape = canonicalShape
        order = canonical
    }

    /// The places of an image's elements in this library's order, for Keras's shape.
    static func imageOrder(_ shape: [Int], isChannelsFirst: Bool) -> [Int32] {
        let count = shape.reduce(1, *)
        if isChannelsFirst { return (0..<Int32(count)).map { $0 } }
        let (pixels, channels) = (shape[0] * shape[1], shape[2])
        return (0..<count).map { Int32($0 % channels * pixels + $0 / channels) }
    }

    /// Sets the outputs to those of a new operation.
    mutating func append(_ operation: Operation, shape: [Int], order: [Int32]) {
        operations.append(operation)
        self.shape = shape
        self.order = order
    }
}
