internal import DQNEnvironments
internal import DQNModel
internal import DQNNetwork

/// How one of the asynchronous methods of Mnih 2016 acts, and what it learns from a segment.
protocol SegmentRule {
    /// Chooses an action from the network's outputs for one observation.
    ///
    /// - Parameters:
    ///   - mask: Whether each action is allowed; `nil` allows all. The outputs are masked already.
    ///   - outputs: Computes the outputs. A random action does not need them.
    func chooseAction(
        epsilon: Double, actions: Int, allowing mask: [Bool]?, using generator: inout RandomGenerator,
        outputs: () throws -> UnsafeBufferPointer<Float>
    ) throws -> Int

    /// Whether the next action is chosen before learning, as the target of the last step depends on it.
    var choosesAhead: Bool { get }

    /// Whether every step's target uses the target network, not only the last step's.
    var bootstrapsEveryStep: Bool { get }

    /// Computes the loss of a segment, **summed** over its rows, and the loss's gradient with respect to the outputs.
    ///
    /// - Parameters:
    ///   - outputs: The outputs of θ′ for the observation before each row's step.
    ///   - gradient: Receives the gradient; as long as `outputs`. Rows beyond the segment's must become zero.
    func evaluate(
        _ segment: Segment, _ networks: SegmentNetworks, outputs: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) throws -> SegmentLoss
}

/// The loss of a segment.
struct SegmentLoss {
    /// The loss, summed over the rows.
    var loss: Double
    /// The parts of an actor-critic's loss; `nil` for other methods.
    var parts: ActorCriticLoss.Sums?

    /// Divides the loss and its gradient by the number of environments.
    mutating func average(over environments: Int, _ gradient: UnsafeMutableBufferPointer<Float>) {
        let factor = 1 / Double(environments)
        loss *= factor
        if let sums = parts {
            parts = ActorCriticLoss.Sums(
                policy: sums.policy * factor, value: sums.value * factor, entropy: sums.entropy * factor)
        }
        for index in gradient.indices { gradient[index] *= Float(factor) }
    }
}

/// A rule that acts ε-greedily on action values.
protocol ValueBasedRule: SegmentRule {}

extension ValueBasedRule {
    func chooseAction(
        epsilon: Double, actions: Int, allowing mask: [Bool]?, using generator: inout RandomGenerator,
        outputs: () throws -> UnsafeBufferPointer<Float>
    ) throws -> Int {
        if epsilon > 0, generator.uniform() < epsilon { return generator.action(of: actions, allowing: mask) }
        return try outputs().indexOfMaximum
    }
}
