public import DQNModel

/// Plays whole episodes with a policy; evaluations and `dqn-play` use it.
public struct EpisodePlayer {
    /// One step of an episode, as `onStep` receives it.
    public struct Step {
        /// The number of agent steps before this one in the episode.
        public let index: Int
        /// The stacked observation that the policy saw.
        public let observation: Observation
        /// Whether each action was allowed; `nil` if all were, or masks are ignored.
        package let actionMask: [Bool]?
        /// The action.
        public let action: Int
        /// The result of the step.
        public let outcome: StepOutcome
        /// The environment after the step, for rendering.
        package let environment: any Environment
    }

    /// The result of one episode.
    public struct Episode: Sendable, Equatable {
        /// Undiscounted sum of the rewards.
        public var totalReward: Double
        /// The number of agent steps.
        public var length: Int
        /// Whether `maximumSteps` ended it, and not the environment.
        package var isCutOff = false
    }

    private var environment: any Environment
    private var stack: FrameStack
    private var frame: Observation
    private let actionCount: Int
    private let usesActionMasks: Bool

    /// Creates a player.
    ///
    /// - Parameters:
    ///   - environment: the environment to play in.
    ///   - frameStack: the number of observations that the policy sees at once.
    ///   - usesActionMasks: whether ``Environment/actionMask`` restricts random actions and is given to the policy.
    public init(environment: any Environment, frameStack: Int, usesActionMasks: Bool = true) {
        let specification = environment.specification
        let space = specification.observationSpace
        self.environment = environment
        actionCount = specification.actionCount
        self.usesActionMasks = usesActionMasks && specification.masksActions
        stack = FrameStack(of: space, depth: frameStack)
        frame = Observation(zerosOf: space)
    }

    /// Plays one episode from a reset, with a policy that ignores action masks.
    ///
    /// See ``play(seed:maximumSteps:epsilon:generator:maskedPolicy:onReset:onStep:)``.
    public mutating func play(
        seed: UInt64, maximumSteps: Int?, epsilon: Double, generator: inout RandomGenerator,
        policy: (Observation) throws -> Int, onReset: (any Environment) throws -> Void = { _ in },
        onStep: (Step) throws -> Void = { _ in }
    ) throws -> Episode {
        try play(
            seed: seed, maximumSteps: maximumSteps, epsilon: epsilon, generator: &generator,
            maskedPolicy: { observation, _ in try policy(observation) }, onReset: onReset, onStep: onStep)
    }

    /// Plays one episode from a reset.
    ///
    /// - Parameters:
    ///   - seed: the seed of the reset.
    ///   - maximumSteps: agent steps after which the episode is cut off, in addition to the environment's own limit.
    ///   - epsilon: the probability of a random action.
    ///   - generator: the source of random actions.
    ///   - maskedPolicy: returns the action for an observation and its action mask.
    ///   - onReset: called before the first step, for rendering.
    ///   - onStep: called after each step.
    /// - Throws: the error of the environment, the policy, `onReset` or `onStep`, of any type.
    public mutating func play(
        seed: UInt64, maximumSteps: Int?, epsilon: Double, generator: inout RandomGenerator,
        maskedPolicy: (Observation, [Bool]?) throws -> Int, onReset: (any Environment) throws -> Void = { _ in },
        onStep: (Step) throws -> Void = { _ in }
    ) throws -> Episode {
        try environment.reset(seed: seed)
        try onReset(environment)
        stack.clear()
        var episode = Episode(totalReward: 0, length: 0)
        while true {
            environment.observe(into: &frame)
            stack.push(frame)
            let mask = usesActionMasks ? try environment.validActionMask(actions: actionCount) : nil
            let explores = epsilon > 0 && generator.uniform() < epsilon
            let action =
                explores
                ? generator.action(of: actionCount, allowing: mask) : try maskedPolicy(stack.observation, mask)
            let outcome = try environment.step(action)
            try outcome.requireFiniteReward(after: action, of: environment.specification.id)
            try onStep(
                Step(
                    index: episode.length, observation: stack.observation, actionMask: mask, action: action,
                    outcome: outcome, environment: environment))
            episode.totalReward += outcome.reward
            episode.length += 1
            if outcome.ended { return episode }
            if episode.length == maximumSteps {
                episode.isCutOff = true
                return episode
            }
        }
    }
}

/// Mean and population standard deviation of returns.
package struct ReturnSummary: Sendable, Equatable {
    /// The mean.
    package let mean: Double
    /// The population standard deviation.
    package let standardDeviation: Double

    /// Summarises returns.
    ///
    /// - Precondition: there is at least one.
    package init(_ returns: [Double]) {
        let count = Double(returns.count)
        let mean = returns.reduce(0, +) / count
        self.mean = mean
        standardDeviation = (returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }
}
