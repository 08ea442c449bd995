internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

/// One actor-learner: an environment, a frame stack, an episode, a random stream and a ``Learner``.
///
/// `@unchecked Sendable`: only its own thread uses it during a job, and only the trainer between jobs; the pool's monitor
/// separates the two. Nothing reads a lost worker again.
final class Worker: @unchecked Sendable {
    /// The number of episodes in the rolling mean of returns.
    static let recentEpisodes = 100

    let index: Int
    let learner: any Learner
    private(set) var recentReturns: [Double]
    private(set) var recentLengths: [Int]
    /// Why the environment could not be restored, if the worker started a new episode instead.
    private(set) var restoreFailure: EnvironmentError?

    private let configuration: TrainingConfiguration
    private let store: any ParameterStore
    private let refreshesTarget: Bool
    private let counts: WorkerCounts
    private var environment: any Environment
    private var frameStack: FrameStack
    /// The environment's newest observation.
    private(set) var frame: Observation
    private var explorationGenerator: RandomGenerator
    private var episodeReturn = 0.0
    private var episodeLength = 0
    /// Whether the environment has thrown an error, so that its state is unknown.
    private var isEnvironmentLost = false

    /// Creates a worker, new or from its stored state; called on the worker's thread.
    ///
    /// - Parameter environment: not reset yet.
    /// - Throws: what the environment or the learner throws.
    init(
        _ context: LearnerContext, _ method: any TrainingMethod, _ counts: WorkerCounts,
        environment: any Environment
    ) throws {
        self.counts = counts
        self.environment = environment
        configuration = context.configuration
        index = context.worker
        store = context.store
        refreshesTarget = method.usesTarget
        let space = context.environment.observationSpace
        frame = Observation(zerosOf: space)
        frameStack = FrameStack(of: space, depth: context.configuration.frameStack)
        explorationGenerator = context.generator("exploration")
        recentReturns = context.state?.recentReturns ?? []
        recentLengths = context.state?.recentLengths ?? []
        ComputeThreads.useCallingThreadOnly()
        learner = try method.makeLearner(context)
        try startEpisode(context)
    }

    /// Continues the stored episode, or starts a new one if there is none or it cannot continue.
    private func startEpisode(_ context: LearnerContext) throws {
        if let state = context.state {
            if try restore(from: state, context.environment.observationSpace) { return }
            learner.abandonEpisode()
            learner.statistics.countAbandonedEpisode()
        }
        var seeds = context.generator("environment")
        try environment.reset(seed: seeds.next())
        environment.observe(into: &frame)
        beginEpisode()
    }

    /// Restores the environment from a stored state; returns `false` if the episode cannot continue.
    private func restore(from state: WorkerState, _ space: ObservationSpace) throws -> Bool {
        guard state.status != .abandoned, let snapshot = state.environment, let observation = state.observation else {
            return false
        }
        frameStack = try FrameStack(of: space, depth: configuration.frameStack, restoring: observation)
        do { try environment.restore(snapshot) } catch let error as EnvironmentError
            where error.code == .stateNotApplicable
        {
            // Failing here would fail every resume of this run.
            restoreFailure = error
            return false
        }
        episodeReturn = state.episodeReturn
        episodeLength = state.episodeLength
        return true
    }

    /// Agent steps that this worker has taken.
    var agentSteps: Int { counts.agentSteps }
    /// Whether it has taken all the steps that one worker may take.
    var isFinished: Bool { configuration.workerSteps > 0 && agentSteps >= configuration.workerSteps }
    /// The probability of a random action; `nil` for a method without one.
    func explorationRate(at totalSteps: Int) -> Double? {
        learner.explorationRate(at: StepCount(total: totalSteps, worker: agentSteps))
    }

    /// Takes steps while the budget grants them.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) with worker and step if the environment or the learner throws.
    func run(_ budget: StepBudget, _ heartbeat: Heartbeat) throws {
        while !isFinished, let step = budget.claim() {
            try takeStep(step)
            heartbeat.beat()
        }
    }

    /// Takes one agent step: chooses an action, applies it, refreshes the target if due, and learns.
    ///
    /// - Parameter step: the step's index over all workers, from 0.
    private func takeStep(_ step: Int) throws {
        let action = try attributingErrors(to: step) {
            try learner.chooseAction(
                for: frameStack.observation, at: StepCount(total: step, worker: agentSteps),
                using: &explorationGenerator)
        }
        do { try apply(action) } catch {
            isEnvironmentLost = true
            throw TrainingError(
                code: .runFailed,
                message: "The environment '\(configuration.environment)' of worker \(index) failed at agent step "
                    + "\(step): \(error)",
                underlying: error)
        }
        let count = StepCount(total: step + 1, worker: agentSteps)
        try attributingErrors(to: step) {
            if refreshesTarget, count.total % configuration.targetInterval == 0 {
                try store.refreshTarget(rate: configuration.targetRate)
            }
            try learner.learn(at: count, using: &explorationGenerator)
        }
    }

    /// Adds worker and step to an error of the learner.
    private func attributingErrors<Result>(to step: Int, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw TrainingError(
                code: (error as? TrainingError)?.code ?? .runFailed,
                message: "Worker \(index) failed at agent step \(step): \(error)", underlying: error)
        }
    }

    /// Takes the action in the environment and starts the next episode if this one has ended.
    private func apply(_ action: Int) throws {
        let outcome = try environment.step(action)
        environment.observe(into: &frame)
        frameStack.push(frame)
        // The return as people compare it: of the whole game, before any reward clipping.
        episodeReturn += outcome.rawReward
        episodeLength += 1
        counts.countStep()
        learner.observe(
            Transition(
                action: action, reward: outcome.reward, terminated: outcome.terminated, truncated: outcome.truncated,
                next: StackedObservation(frame: frame, stacked: frameStack.observation)))
        guard outcome.ended else { return }
        if outcome.isGameOver { recordEpisode() }
        do {
            try environment.reset(seed: nil)
            environment.observe(into: &frame)
        } catch {
            // The learner always needs a current episode; this one is abandoned with the environment.
            beginEpisode()
            throw error
        }
        beginEpisode()
    }

    /// Begins an episode with the current frame.
    private func beginEpisode() {
        frameStack.clear()
        frameStack.push(frame)
        learner.beginEpisode(StackedObservation(frame: frame, stacked: frameStack.observation))
    }

    /// Records the return and length of a game that is over.
    private func recordEpisode() {
        counts.countEpisode()
        recentReturns.append(episodeReturn)
        recentLengths.append(episodeLength)
        if recentReturns.count > Self.recentEpisodes {
            recentReturns.removeFirst()
            recentLengths.removeFirst()
        }
        episodeReturn = 0
        episodeLength = 0
    }

    /// Returns the state at this step boundary, by value: replay chunks are shared, not copied.
    ///
    /// - Parameter onLostEnvironment: called with the reason if the environment cannot save its state. The rest of the
    ///   state is complete, and the episode counts as abandoned.
    func snapshot(onLostEnvironment: (TrainingError) -> Void) throws -> WorkerState {
        var environmentState: StateSnapshot?
        if !isEnvironmentLost {
            do { environmentState = try environment.snapshot() } catch {
                isEnvironmentLost = true
                onLostEnvironment(
                    TrainingError(
                        code: .runFailed,
                        message: "The environment '\(configuration.environment)' of worker \(index) could not save its "
                            + "state after \(agentSteps) agent steps of the worker: \(error)",
                        underlying: error))
            }
        }
        var state = state(isEnvironmentLost ? .abandoned : .running)
        state.environment = environmentState
        state.observation = frameStack.observation
        try learner.save(into: &state)
        return state
    }

    /// The state of a finished worker: without a replay, because the worker will not learn again.
    var finalState: WorkerState { state(.finished) }

    private func state(_ status: WorkerStatus) -> WorkerState {
        WorkerState(
            generators: ["exploration": explorationGenerator], environment: nil, observation: nil,
            episodeReturn: episodeReturn, episodeLength: episodeLength, recentReturns: recentReturns,
            recentLengths: recentLengths, replay: nil, status: status, agentSteps: agentSteps)
    }
}
