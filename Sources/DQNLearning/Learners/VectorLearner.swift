public import DQNModel

/// A learner whose worker may step several environments (`environments_per_worker`) and choose their actions in one
/// batched pass.
///
/// The worker steps its environments in rounds, each of them once, in the order of their indices. A round calls
/// ``chooseActions(in:at:using:into:observation:)``, then for each environment ``observe(_:in:)`` and, if its episode has
/// ended, ``beginEpisode(_:in:)``, and last ``Learner/learn(at:using:)``.
///
/// A run can stop in the middle of a round. The round then has several parts: each chooses actions for the next
/// environments, and only the last one calls `learn`. The parts must compute exactly what the whole round would have.
///
/// The requirements of ``Learner`` for a single environment have implementations that call these for environment 0.
public protocol VectorLearner: Learner {
    /// Observes the first observation of an episode of an environment.
    func beginEpisode(_ observation: StackedObservation, in environment: Int)

    /// Chooses the next action of each environment in a range.
    ///
    /// - Parameters:
    ///   - environments: Indices of environments, from 0.
    ///   - step: The agent steps taken before the step of the first of these environments. Each further environment
    ///     takes one more step.
    ///   - generator: The worker's random stream for exploration. Each environment has its own draws, in index order.
    ///   - actions: Receives the actions, at the indices of the environments.
    ///   - observation: Returns the input of the network for an environment: the newest observations, stacked.
    func chooseActions(
        in environments: Range<Int>, at step: StepCount, using generator: inout RandomGenerator,
        into actions: UnsafeMutableBufferPointer<Int>, observation: (Int) -> Observation
    ) throws

    /// Observes the outcome of an environment's action.
    func observe(_ transition: Transition, in environment: Int)

    /// Closes an environment's current episode because the environment is lost. ``beginEpisode(_:in:)`` comes next.
    func abandonEpisode(in environment: Int)
}

extension VectorLearner {
    /// Begins an episode of environment 0.
    public func beginEpisode(_ observation: StackedObservation) { beginEpisode(observation, in: 0) }

    /// Chooses the action of environment 0.
    public func chooseAction(
        for observation: Observation, at step: StepCount, using generator: inout RandomGenerator
    ) throws -> Int {
        try withUnsafeTemporaryAllocation(of: Int.self, capacity: 1) { actions in
            actions.initialize(repeating: 0)
            try chooseActions(in: 0..<1, at: step, using: &generator, into: actions) { _ in observation }
            return actions[0]
        }
    }

    /// Observes a step of environment 0.
    public func observe(_ transition: Transition) { observe(transition, in: 0) }

    /// Closes the episode of environment 0.
    public func abandonEpisode() { abandonEpisode(in: 0) }
}

extension StepCount {
    /// Returns the counts before the step of a later environment of the same round.
    public func advanced(by environments: Int) -> StepCount {
        StepCount(total: total + environments, worker: worker + environments)
    }
}
