public import DQNModel
internal import DQNSupport

/// An optimiser's kind and constants.
public struct OptimizerConfiguration: Sendable, Equatable {
    /// The kind of optimiser.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// Adam (Kingma and Ba 2015), ε outside the root.
        case adam
        /// RMSProp without momentum, ε inside the root (Mnih 2016); with `centred` it subtracts the squared mean
        /// gradient (Mnih 2015).
        case rmsprop
    }

    /// The kind of optimiser.
    package var kind: Kind
    /// Adam's decay of the first moment.
    ///
    /// The constants of the other kind are not used. They hold that kind's defaults, or 0 in files of older releases.
    package var beta1: Double
    /// Adam's decay of the second moment.
    package var beta2: Double
    /// RMSProp's decay of the moving averages.
    package var decay: Double
    /// The constant in the denominator.
    package var epsilon: Double
    /// Whether RMSProp subtracts the squared mean gradient.
    package var centred: Bool

    /// Returns a configuration of Adam.
    public static func adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) -> Self {
        Self(kind: .adam, beta1: beta1, beta2: beta2, decay: 0.95, epsilon: epsilon, centred: true)
    }

    /// Returns a configuration of RMSProp.
    public static func rmsprop(decay: Double = 0.95, epsilon: Double = 0.01, centred: Bool = true) -> Self {
        Self(kind: .rmsprop, beta1: 0.9, beta2: 0.999, decay: decay, epsilon: epsilon, centred: centred)
    }

    /// The constants of this kind by their names in checkpoints.
    package var hyperparameters: [String: Double] {
        switch kind {
        case .adam: ["beta1": beta1, "beta2": beta2, "epsilon": epsilon]
        case .rmsprop: ["decay": decay, "epsilon": epsilon, "centred": centred ? 1 : 0]
        }
    }

    /// The largest possible ratio of Adam's first moment to the root of its second, with a margin for rounding.
    ///
    /// By the Cauchy–Schwarz inequality over all past gradients it is (1 − β₁) / √((1 − β₂)(1 − β₁²/β₂)), if one thread
    /// steps the optimiser. If several threads do so without locks, the small second moment of one can meet the large
    /// first moment of another; without this limit, the step would ruin the parameter. There is no bound if β₁² ≥ β₂.
    var adamMeanLimit: Float {
        let rest = (1 - beta2) * (1 - beta1 * beta1 / beta2)
        return beta2 > 0 && rest > 0 ? Float(1.02 * (1 - beta1) / rest.squareRoot()) : 1e30
    }

    /// The names of the slots, each of which has as many elements as there are parameters.
    var slotNames: [String] {
        switch kind {
        case .adam: ["first_moment", "second_moment"]
        case .rmsprop: centred ? ["mean_square", "mean_gradient"] : ["mean_square"]
        }
    }
}

/// Updates parameters from their gradients, and holds the state of the optimiser.
///
/// A step allocates nothing and takes O(parameters). Several threads may step one optimiser at once, without locks
/// (Hogwild, Recht 2011). They then share its statistics, as in Mnih 2016, and simultaneous updates of one element may
/// overwrite each other. With one thread, the result of a step depends only on its arguments and the state.
///
/// `Sendable`: the step count is atomic, and each step takes its number, for Adam's bias correction, from its own
/// increment. The floats of the slots race by intention; see ``ParameterSlab``. Nothing else changes.
public final class Optimizer: Sendable {
    /// The kind and constants.
    package let configuration: OptimizerConfiguration
    private let count: PaddedCount
    private let slots: [ParameterSlab]
    /// Addresses in the slots; they change with them alone.
    private nonisolated(unsafe) let addresses: OptimizerSlots
    private let divided: DividedStep?

    /// The number of steps taken, including steps that other threads have started.
    package var stepCount: Int { count.value }

    /// Creates an optimiser in its initial state.
    ///
    /// - Parameter configuration: The kind and its constants.
    /// - Parameter layout: The positions of the parameters.
    /// - Parameter team: The threads that share each step; only one thread may then step this optimiser.
    public init(_ configuration: OptimizerConfiguration, layout: ParameterLayout, team: ComputeTeam? = nil) {
        self.configuration = configuration
        divided = team.map { DividedStep($0) }
        count = PaddedCount(0)
        slots = configuration.slotNames.map { _ in ParameterSlab(layout: layout) }
        addresses = OptimizerSlots(slots)
    }

    /// Restores an optimiser from ``slotValues`` and ``stepCount``.
    ///
    /// - Throws: ``NetworkError`` (`invalidState`) naming a slot that is missing or has another length.
    package init(
        _ configuration: OptimizerConfiguration, layout: ParameterLayout, stepCount: Int,
        slots values: [String: [Float]], team: ComputeTeam? = nil
    ) throws(NetworkError) {
        self.configuration = configuration
        divided = team.map { DividedStep($0) }
        count = PaddedCount(stepCount)
        var slots: [ParameterSlab] = []
        for name in configuration.slotNames {
            guard let value = values[name] else {
                throw NetworkError(
                    code: .invalidState,
                    message: "The state of \(configuration.kind.rawValue) lacks the slot '\(name)'.")
            }
            slots.append(try ParameterSlab(layout: layout, values: value))
        }
        self.slots = slots
        addresses = OptimizerSlots(slots)
    }

    /// A copy of the slots by name, for a checkpoint; O(parameters).
    package var slotValues: [String: [Float]] {
        Dictionary(uniqueKeysWithValues: zip(configuration.slotNames, slots.map(\.values)))
    }

    /// Returns a source of copies for each slot, by name, for successive checkpoints.
    package func slotCopies(keeping count: Int) -> [String: SlabCopies] {
        Dictionary(
            uniqueKeysWithValues: zip(
                configuration.slotNames, slots.map { SlabCopies(of: $0, keeping: count) }))
    }

    /// The Euclidean norm of a gradient for the next step, computed by the threads that share it; O(parameters).
    public func norm(of gradients: ParameterSlab) -> Double {
        guard let divided, ComputeTeam.isWorthwhile(forStepOf: gradients.elements.count) else { return gradients.norm }
        return divided.norm(of: gradients)
    }

    /// Takes one step.
    ///
    /// - Parameters:
    ///   - parameters: The parameters, which the step changes.
    ///   - gradients: The gradient of each parameter.
    ///   - learningRate: The step size.
    ///   - gradientScale: A factor for the gradient; see `GradientClipping/scale(norm:maximum:)`.
    ///   - copy: Another slab, which receives what this step writes to `parameters`, even if other threads write these
    ///     at the same time.
    public func step(
        _ parameters: ParameterSlab, gradients: ParameterSlab, learningRate: Double, gradientScale: Float = 1,
        copy: ParameterSlab? = nil
    ) {
        let stepNumber = count.add(1) + 1
        let step = OptimizerStep(
            configuration, slots: addresses, parameters: parameters, gradients: gradients, number: stepNumber,
            learningRate: learningRate, gradientScale: gradientScale, copy: copy)
        if let divided, ComputeTeam.isWorthwhile(forStepOf: step.count) {
            divided.take(step)
        } else {
            step.apply(to: 0..<parameters.elements.count)
        }
    }
}
