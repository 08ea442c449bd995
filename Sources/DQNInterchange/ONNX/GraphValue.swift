internal import DQNModel

/// Zeros before and after the elements along an axis.
struct GraphPadding: Equatable {
    var before: Int
    var after: Int
}

/// What a name of the graph stands for. Some operations make sense only together: the parts of a dueling head, of a layer
/// normalisation, and of activations that the graph computes in steps.
enum GraphValue {
    case constant(GraphConstant)
    /// A shape, or numbers of one. `isScalar` is whether it has no axis.
    case extents([GraphExtent], isScalar: Bool)
    case flow(GraphFlow)
    /// Layers with zeros around their output, for each axis in the graph.
    case padded(GraphFlow, [GraphPadding])
    /// The mean of all elements; `ofAll` if it is the mean over the observations too.
    case mean(GraphFlow, ofAll: Bool)
    /// x − mean(x).
    case centred(GraphFlow, ofAll: Bool)
    /// (x − mean(x))².
    case squared(GraphFlow)
    /// The mean of the squares plus a number.
    case variance(GraphFlow, epsilon: Double)
    /// The root of that, or one divided by it.
    case deviation(GraphFlow, epsilon: Double, isInverse: Bool)
    /// V + A.
    case sum(value: GraphFlow, advantage: GraphFlow)
    /// V − mean(A).
    case rest(value: GraphFlow, advantage: GraphFlow, ofAll: Bool)
    /// V + A − mean(A).
    case dueling(value: GraphFlow, advantage: GraphFlow, ofAll: Bool)
    /// scale · erf(x) + shift.
    case errorFunction(GraphFlow, scale: Double, shift: Double)
    /// factor · y · (erf(x) + 1), where x = ratio · y.
    case gated(GraphFlow, factor: Double, ratio: Double)
    /// The mean of each action's quantiles.
    case quantiles(GraphFlow, quantiles: Int, areOutermost: Bool)
    /// The softmax or its logarithm.
    case probabilities(GraphFlow)
    /// The logarithm of the sum of the exponentials.
    case logarithm(GraphFlow)
    /// The index of the largest element.
    indirect case action(GraphValue)

    /// How errors call the value.
    var words: String {
        switch self {
        case .constant: "a constant"
        case .extents: "a shape"
        case .flow: "layers"
        case .padded: "a padded image"
        case .mean: "a mean"
        case .centred: "a difference from the mean"
        case .squared: "a square"
        case .variance: "a variance"
        case .deviation: "a standard deviation"
        case .sum, .rest: "a part of a dueling head"
        case .dueling: "the Q-values of a dueling head"
        case .errorFunction, .gated: "a part of a gelu"
        case .quantiles: "the means of quantiles"
        case .logarithm: "a part of a softmax"
        case .probabilities: "probabilities"
        case .action: "an action"
        }
    }
}
