internal import DQNModel

/// An extent of a value: the number of observations, or a size.
enum GraphExtent: Equatable {
    case batch
    case size(Int)
}

/// Numbers that a value is multiplied by, or that are added to it: one for all elements, one for each channel of an
/// image, or one for each element in the order of this library.
enum GraphNumbers: Equatable {
    case uniform(Double)
    case channels([Double])
    case elements([Double])

    /// The number of an element.
    func number(_ index: Int, plane: Int) -> Double {
        switch self {
        case .uniform(let value): value
        case .channels(let values): values[index / plane]
        case .elements(let values): values[index]
        }
    }

    func map(_ body: (Double) -> Double) -> GraphNumbers {
        switch self {
        case .uniform(let value): .uniform(body(value))
        case .channels(let values): .channels(values.map(body))
        case .elements(let values): .elements(values.map(body))
        }
    }

    /// Combines two; `plane` is the number of elements of a channel and `count` that of all.
    func combined(
        _ other: GraphNumbers, plane: Int, count: Int, _ body: (Double, Double) -> Double
    ) -> GraphNumbers {
        switch (self, other) {
        case (.uniform(let value), _): return other.map { body(value, $0) }
        case (_, .uniform(let value)): return map { body($0, value) }
        case (.channels(let left), .channels(let right)): return .channels(zip(left, right).map(body))
        default:
            return .elements(
                (0..<count).map { body(number($0, plane: plane), other.number($0, plane: plane)) })
        }
    }

    /// How many numbers are kept for a value of so many elements.
    func count(of elements: Int) -> Int {
        switch self {
        case .uniform: 0
        case .channels(let values): values.count
        case .elements: elements
        }
    }

    var isUniform: Bool {
        if case .uniform = self { true } else { false }
    }

    func allSatisfy(_ predicate: (Double) -> Bool) -> Bool {
        switch self {
        case .uniform(let value): predicate(value)
        case .channels(let values), .elements(let values): values.allSatisfy(predicate)
        }
    }
}

/// What is still to be done to the outputs of the last layer: a multiplication, then an addition.
struct GraphAffine: Equatable {
    var scale = GraphNumbers.uniform(1)
    var shift = GraphNumbers.uniform(0)
    /// A number that only equal operations share.
    var identity: Int

    static func == (left: GraphAffine, right: GraphAffine) -> Bool { left.identity == right.identity }
}

/// A layer that a graph computes.
struct GraphLayer {
    var layer: NetworkArchitecture.Layer
    /// Outputs first, in the order of this library; empty for poolings.
    var weight: [Float] = []
    var bias: [Float] = []
    /// The extents of the weight.
    var shape: [Int] = []
    /// The name of the weight in the file.
    var source: String
    /// A number that only equal layers after equal layers share.
    var identity: Int
    /// That number before the activation.
    var base: Int

    /// Whether it is computed by multiplications and additions alone, so that others can become part of it.
    var isLinear: Bool {
        guard layer.activation == .identity else { return false }
        switch layer.kind {
        case .dense, .convolution, .layerNorm: return true
        case .maxPooling, .averagePooling: return false
        }
    }
}

/// A value of the graph that depends on the observation: the layers that compute it, and the form it has.
struct GraphFlow {
    var layers: [GraphLayer] = []
    /// The shape in the graph.
    var shape: [GraphExtent]
    /// Where the elements lie here.
    var view: GraphView
    /// The shape here: `[channels, rows, columns]`, or `[features]`.
    var place: [Int]
    var affine: GraphAffine?
    /// What the graph does to the observation before the first layer.
    var inputAffine: GraphAffine?
    /// The shape of the observation that the first layer takes.
    var inputPlace: [Int] = []
    /// Whether the observation has its channels last in the graph.
    var hasChannelsLast = false

    /// The shape without the observations.
    var sizes: [Int] {
        shape.compactMap { extent in
            if case .size(let size) = extent { size } else { nil }
        }
    }

    /// The number of elements for an observation.
    var count: Int { place.reduce(1, *) }

    /// The number of elements of a channel.
    var plane: Int { place.dropFirst().reduce(1, *) }

    /// A number that only equal values share.
    func isEqual(to other: GraphFlow) -> Bool {
        layers.last?.identity == other.layers.last?.identity && affine == other.affine && view == other.view
    }
}
