public import DQNModel

/// Plays whole episodes with a policy: evaluation and `dqn-play` share it.
public struct EpisodePlayer {
    /// One step of an episode, as it is reported while playing.
    public struct Step {
        /// Agent steps before this one in the episode.
        public let index: Int
        /// What the policy saw, stacked.
        public let observation: Observation
        /// What it did.
        public let action: Int
        /// What came of it.
        public let outcome: StepOutcome
        /// The environment after the step, for rendering.
        public let environment: any Environment
    }

    /// One episode's result.
    public struct Episode: Sendable, Equatable {
        /// Undiscounted sum of the rewards.
        public var totalReward: Double
        /// Agent steps.
        public var length: Int
    }

    private var environment: any Environment
    private var stack: FrameStack
    private var frame: Observation

    /// Creates a player.
    ///
    /// - Parameter frameStack: observations that the policy sees at once.
    public init(environment: any Environment, frameStack: Int) {
        let space = environment.specification.observationSpace
        self.environment = environment
        stack = FrameStack(of: space, depth: frameStack)
        frame = Observation(zerosOf: space)
    }

    /// Plays one episode from a reset.
    ///
    /// - Parameters:
    ///   - seed: of the reset.
    ///   - maximumSteps: agent steps after which the episode is cut off, besides the environment's own limit.
    ///   - epsilon: probability of a random action.
    ///   - generator: draws whether an action is random, and which.
    ///   - policy: chooses an action for an observation.
    ///   - onReset: told before the first step, for rendering.
    ///   - onStep: told after each step.
    /// - Throws: what the environment, the policy, `onReset` or `onStep` throws.
    public mutating func play(
        seed: UInt64, maximumSteps: Int?, epsilon: Double, generator: inout RandomGenerator,
        policy: (Observation) throws -> Int, onReset: (any Environment) throws -> Void = { _ in },
        onStep: (Step) throws -> Void = { _ in }
    ) throws -> Episode {
        try environment.reset(seed: seed)
        try onReset(environment)
        stack.clear()
        var episode = Episode(totalReward: 0, length: 0)
        while true {
            environment.observe(into: &frame)
            stack.push(frame)
            let explores = epsilon > 0 && generator.uniform() < epsilon
            let action =
                explores
                ? generator.integer(below: environment.specification.actionCount) : try policy(stack.observation)
            let outcome = try environment.step(action)
            try onStep(
                Step(
                    index: episode.length, observation: stack.observation, action: action, outcome: outcome,
                    environment: environment))
            episode.totalReward += outcome.reward
            episode.length += 1
            if outcome.ended || episode.length == maximumSteps { return episode }
        }
    }
}

/// Mean and population standard deviation of returns.
public struct ReturnSummary: Sendable, Equatable {
    /// The mean.
    public let mean: Double
    /// The population standard deviation.
    public let standardDeviation: Double

    /// Summarises at least one return.
    public init(_ returns: [Double]) {
        let count = Double(returns.count)
        let mean = returns.reduce(0, +) / count
        self.mean = mean
        standardDeviation = (returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }
}
