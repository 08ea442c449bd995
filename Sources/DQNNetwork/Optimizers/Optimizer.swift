public import DQNModel
internal import Synchronization

/// What an optimiser is and its constants, as configurations and checkpoints name them.
public struct OptimizerConfiguration: Sendable, Equatable {
    /// The method of descent.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Adam (Kingma and Ba 2015), ε outside the root.
        case adam
        /// RMSProp without momentum, ε inside the root (Mnih 2016); with `centred`, the mean gradient is taken off (Mnih 2015).
        case rmsprop
    }

    /// The method of descent.
    public var kind: Kind
    /// Adam's decay of the first moment.
    public var beta1: Double
    /// Adam's decay of the second moment.
    public var beta2: Double
    /// RMSProp's decay of its averages.
    public var decay: Double
    /// The small constant in the denominator.
    public var epsilon: Double
    /// Whether RMSProp subtracts the squared mean gradient.
    public var centred: Bool

    /// Adam.
    public static func adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) -> Self {
        Self(kind: .adam, beta1: beta1, beta2: beta2, decay: 0, epsilon: epsilon, centred: false)
    }

    /// RMSProp.
    public static func rmsprop(decay: Double = 0.95, epsilon: Double = 0.01, centred: Bool = true) -> Self {
        Self(kind: .rmsprop, beta1: 0, beta2: 0, decay: decay, epsilon: epsilon, centred: centred)
    }

    /// The constants that belong to the kind, by the names that checkpoints use.
    public var hyperparameters: [String: Double] {
        switch kind {
        case .adam: ["beta1": beta1, "beta2": beta2, "epsilon": epsilon]
        case .rmsprop: ["decay": decay, "epsilon": epsilon, "centred": centred ? 1 : 0]
        }
    }

    /// How many times the root of Adam's second moment its first can be at most, with a margin for rounding.
    ///
    /// By Cauchy and Schwarz over all past gradients it is (1 − β₁) / √((1 − β₂)(1 − β₁²/β₂)), as long as one thread steps
    /// the optimiser. Where several do, without locks, one's small second moment may come to stand beside another's large
    /// first, and a step without this limit would throw the parameter away. There is none where β₁² ≥ β₂.
    var adamMeanLimit: Float {
        let rest = (1 - beta2) * (1 - beta1 * beta1 / beta2)
        return beta2 > 0 && rest > 0 ? Float(1.02 * (1 - beta1) / rest.squareRoot()) : 1e30
    }

    /// The names of the slots: each as long as the parameters.
    var slotNames: [String] {
        switch kind {
        case .adam: ["first_moment", "second_moment"]
        case .rmsprop: centred ? ["mean_square", "mean_gradient"] : ["mean_square"]
        }
    }
}

/// Steps parameters down their gradients and holds the state that takes.
///
/// A step allocates nothing and takes O(parameters). Several threads may step one optimiser at once, without locks
/// (Hogwild, Recht 2011): the statistics are then shared as in Mnih 2016, and updates that meet in one element may
/// overwrite each other. On one thread a step's result depends on nothing but its arguments and the state.
///
/// `Sendable` with this invariant: the count is atomic, and each step's number, which Adam's bias correction needs, is
/// what its own increment gave. The slots' plain floats race by declared intention, as ``ParameterSlab`` says; nothing
/// else ever changes.
public final class Optimizer: Sendable {
    /// The kind and constants.
    public let configuration: OptimizerConfiguration
    private let count: Atomic<Int>
    private let slots: [ParameterSlab]
    private let divided: DividedStep?

    /// Steps taken, or begun where other threads are stepping.
    public var stepCount: Int { count.load(ordering: .relaxed) }

    /// Creates an optimiser with slots of zeros.
    ///
    /// - Parameter team: who shares each step; then only one thread may step this optimiser.
    public init(_ configuration: OptimizerConfiguration, layout: ParameterLayout, team: ComputeTeam? = nil) {
        self.configuration = configuration
        divided = team.map { DividedStep($0) }
        count = Atomic(0)
        slots = configuration.slotNames.map { _ in ParameterSlab(layout: layout) }
    }

    /// Restores an optimiser from ``slotValues`` and ``stepCount``.
    ///
    /// - Throws: ``NetworkError`` (`invalidState`) naming a slot that is missing or of another length.
    public init(
        _ configuration: OptimizerConfiguration, layout: ParameterLayout, stepCount: Int,
        slots values: [String: [Float]], team: ComputeTeam? = nil
    ) throws(NetworkError) {
        self.configuration = configuration
        divided = team.map { DividedStep($0) }
        count = Atomic(stepCount)
        var slots: [ParameterSlab] = []
        for name in configuration.slotNames {
            guard let value = values[name] else {
                throw NetworkError(
                    code: .invalidState,
                    message: "The state of \(configuration.kind.rawValue) needs the slot '\(name)', which is missing.")
            }
            slots.append(try ParameterSlab(layout: layout, values: value))
        }
        self.slots = slots
    }

    /// A copy of the slots by name, for a checkpoint.
    public var slotValues: [String: [Float]] {
        Dictionary(uniqueKeysWithValues: zip(configuration.slotNames, slots.map(\.values)))
    }

    /// What hands out copies of the slots by name, for checkpoints one after the other.
    public func slotCopies(keeping count: Int) -> [String: SlabCopies] {
        Dictionary(
            uniqueKeysWithValues: zip(
                configuration.slotNames, slots.map { SlabCopies(of: $0, keeping: count) }))
    }

    /// Takes one step.
    ///
    /// - Parameters:
    ///   - gradientScale: multiplies the gradient first; see ``GradientNorm/clipScale(_:maximum:)``.
    ///   - copy: takes what is written to `parameters`, which must be another slab; where other threads write these at
    ///     the same time, too, the copy has this step's values.
    public func step(
        _ parameters: ParameterSlab, gradients: ParameterSlab, learningRate: Double, gradientScale: Float = 1,
        copy: ParameterSlab? = nil
    ) {
        let stepNumber = count.wrappingAdd(1, ordering: .relaxed).newValue
        let step = OptimizerStep(
            configuration, slots: slots, parameters: parameters, gradients: gradients, number: stepNumber,
            learningRate: learningRate, gradientScale: gradientScale, copy: copy)
        if let divided {
            divided.take(step)
        } else {
            step.apply(to: 0..<parameters.elements.count)
        }
    }
}
