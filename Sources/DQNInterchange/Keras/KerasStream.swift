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
    struct Affine: Equatable {
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
    /// The type of the input, if the model says.
    var inputType: String?
    /// Whether a layer scales the input, also by 1.
    var statesScale = false
    /// Whether the input is an image whose channels are last in Keras.
    private var hasChannelsLast = false
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
    var padding: [Int]? { didSet { padsWithLowest = false } }
    /// Whether that padding has the lowest number instead of zeros.
    var padsWithLowest = false
    /// The input that masks the outputs, which no layer can take then.
    var mask: String?
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

    /// Whether both take the same input, and scale and order it in the same way.
    func readsLike(_ other: KerasStream) -> Bool {
        input == other.input && inputShape == other.inputShape && hasChannelsLast == other.hasChannelsLast
            && inputAffine == other.inputAffine
    }

    /// Makes the current order of the elements the order of the input, which is an image. Only before the first layer.
    mutating func reorderInput(isChannelsFirst: Bool) {
        let canonical = Self.imageOrder(shape, isChannelsFirst: isChannelsFirst)
        var (scale, shift) = (inputAffine.scale, inputAffine.shift)
        for (element, place) in order.enumerated() {
            scale[Int(canonical[element])] = inputAffine.scale[Int(place)]
            shift[Int(canonical[element])] = inputAffine.shift[Int(place)]
        }
        inputAffine.scale = scale
        inputAffine.shift = shift
        inputShape = isChannelsFirst ? shape : [shape[2], shape[0], shape[1]]
        hasChannelsLast = !isChannelsFirst
        order = canonical
    }

    /// Whether elements of an image lie as those of the input do, perhaps with the channels elsewhere: neighbours in a row
    /// nearer than those in a column. Rows and columns may have been exchanged by a permutation.
    func isUpright(isChannelsFirst: Bool) -> Bool {
        let (row, column) = isChannelsFirst ? (1, 2) : (0, 1)
        var steps = [1, 1, 1]
        for axis in [1, 0] { steps[axis] = steps[axis + 1] * shape[axis + 1] }
        func distance(_ axis: Int) -> Int { shape[axis] > 1 ? Int(order[steps[axis]]) - Int(order[0]) : 0 }
        let distances = [distance(0), distance(1), distance(2)]
        guard distances[row] > distances[column] || shape[row] == 1 || shape[column] == 1,
            distances.allSatisfy({ $0 >= 0 })
        else { return false }
        var element = 0
        for first in 0..<shape[0] {
            for second in 0..<shape[1] {
                for third in 0..<shape[2] {
                    let place = first * distances[0] + second * distances[1] + third * distances[2]
                    guard Int(order[element]) == Int(order[0]) + place else { return false }
                    element += 1
                }
            }
        }
        return true
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
