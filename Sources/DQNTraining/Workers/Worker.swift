internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

/// One actor-learner: its environment, frame stack, episode, random stream and ``Learner``.
///
/// `@unchecked Sendable`: its own thread uses it while a job runs and the chief between jobs, which the crew's monitor
/// keeps apart; a worker that is lost is never looked at again.
final class Worker: @unchecked Sendable {
    /// Episodes that the rolling mean of returns looks back on.
    static let recentEpisodes = 100

    let index: Int
    let learner: any Learner
    private let configuration: TrainingConfiguration
    private let store: any ParameterStore
    private let refreshesTarget: Bool
    private var environment: any Environment
    private var stack: FrameStack
    private var frame: Observation
    private var exploration: RandomGenerator
    private var episodeReturn = 0.0
    private var episodeLength = 0
    private(set) var recentReturns: [Double]
    private(set) var recentLengths: [Int]
    /// Whether the environment threw and cannot go on.
    private var isEnvironmentLost = false
    private let counts: WorkerCounts
    /// Why the environment could not be brought into its stored state.
    private(set) var misfit: EnvironmentError?

    /// Makes a worker, new or from a stored state.
    ///
    /// - Throws: what the environment or the learner throws.
    init(_ context: LearnerContext, _ method: any TrainingMethod, _ counts: WorkerCounts) throws {
        self.counts = counts
        let configuration = context.configuration
        self.configuration = configuration
        index = context.worker
        store = context.store
        refreshesTarget = method.usesTarget
        let environment = try configuration.makeEnvironment(for: .training)
        self.environment = environment
        let space = environment.specification.observationSpace
        frame = Observation(zerosOf: space)
        let state = context.state
        stack = FrameStack(of: space, depth: configuration.frameStack)
        exploration = context.generator("exploration")
        recentReturns = state?.recentReturns ?? []
        recentLengths = state?.recentLengths ?? []
        ComputeThreads.useCallingThreadOnly()
        learner = try method.makeLearner(context)
        if let state, try goOn(from: state) {
            episodeReturn = state.episodeReturn
            episodeLength = state.episodeLength
        } else {
            if state != nil {
                learner.abandonEpisode()
                learner.statistics.countAbandonedEpisode()
            }
            var seeds = context.generator("environment")
            try self.environment.reset(seed: seeds.next())
            self.environment.observe(into: &frame)
            beginEpisode()
        }
    }

    /// Brings the environment where a stored state has it; `false` where the episode cannot be gone on with.
    private func goOn(from state: WorkerState) throws -> Bool {
        guard state.standing != .abandoned, let snapshot = state.environment, let observation = state.observation else {
            return false
        }
        stack = try FrameStack(
            of: environment.specification.observationSpace, depth: configuration.frameStack, restoring: observation)
        do {
            try environment.restore(snapshot)
            return true
        } catch let error as EnvironmentError where error.code == .stateNotApplicable {
            // Refused at every resume, it would make the run impossible to go on with.
            misfit = error
            return false
        }
    }

    /// Agent steps that this worker has taken.
    var agentSteps: Int { counts.agentSteps }
    /// Whether it has taken all the steps that a worker may.
    var isFinished: Bool { configuration.workerSteps > 0 && agentSteps >= configuration.workerSteps }
    /// The probability of a random action, where the method has one.
    func explorationRate(at total: Int) -> Double? {
        learner.explorationRate(at: StepCount(total: total, worker: agentSteps))
    }

    /// Takes steps as long as there are any to take.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) naming worker and step when the environment throws; what learning
    ///   throws.
    func run(_ budget: StepBudget, _ heartbeat: Heartbeat) throws {
        while !isFinished, let step = budget.claim() {
            try take(step)
            heartbeat.beat()
        }
    }

    /// Takes one step, the run's `total`th from 0, and everything that is due at it.
    private func take(_ total: Int) throws {
        let action = try naming(total) {
            try learner.chooseAction(
                for: stack.observation, at: StepCount(total: total, worker: agentSteps), using: &exploration)
        }
        do {
            try act(action)
        } catch {
            isEnvironmentLost = true
            throw TrainingError(
                code: .runFailed,
                message: "The environment '\(configuration.environment)' of worker \(index) failed at agent step "
                    + "\(total): \(error)",
                underlying: error)
        }
        let count = StepCount(total: total + 1, worker: agentSteps)
        if refreshesTarget, count.total % configuration.targetInterval == 0 {
            try naming(total) { try store.refreshTarget(rate: configuration.targetRate) }
        }
        try naming(total) { try learner.learn(at: count, using: &exploration) }
    }

    /// Lets an error of learning say whose it is and when.
    private func naming<Result>(_ total: Int, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw TrainingError(
                code: (error as? TrainingError)?.code ?? .runFailed,
                message: "Worker \(index) failed at agent step \(total): \(error)", underlying: error)
        }
    }

    private func act(_ action: Int) throws {
        let outcome = try environment.step(action)
        environment.observe(into: &frame)
        stack.push(frame)
        // What people compare: of the whole game, as the environment pays it.
        episodeReturn += outcome.rawReward
        episodeLength += 1
        counts.countStep()
        learner.observe(
            Transition(
                action: action, reward: outcome.reward, terminated: outcome.terminated, truncated: outcome.truncated,
                next: StackedObservation(frame: frame, stacked: stack.observation)))
        guard outcome.ended else { return }
        if outcome.isGameOver { remember() }
        do {
            try environment.reset(seed: nil)
            environment.observe(into: &frame)
        } catch {
            // The learner's books need an episode under way; this one is abandoned with the environment.
            beginEpisode()
            throw error
        }
        beginEpisode()
    }

    /// Begins an episode with the frame at hand.
    private func beginEpisode() {
        stack.clear()
        stack.push(frame)
        learner.beginEpisode(StackedObservation(frame: frame, stacked: stack.observation))
    }

    /// Takes down a game that is over.
    private func remember() {
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

    /// The state at this step boundary, by value: replay chunks are shared, not copied.
    ///
    /// - Parameter onLostEnvironment: told why the environment could not tell its state; the rest of the worker's state is
    ///   whole all the same, and its episode counts as abandoned.
    func snapshot(onLostEnvironment: (TrainingError) -> Void) throws -> WorkerState {
        var stored: StateSnapshot?
        if !isEnvironmentLost {
            do { stored = try environment.snapshot() } catch {
                isEnvironmentLost = true
                onLostEnvironment(
                    TrainingError(
                        code: .runFailed,
                        message: "The environment '\(configuration.environment)' of worker \(index) could not tell its "
                            + "state for a save after \(agentSteps) of its agent steps: \(error)",
                        underlying: error))
            }
        }
        var state = state(isEnvironmentLost ? .abandoned : .running)
        state.environment = stored
        state.observation = stack.observation
        try learner.save(into: &state)
        return state
    }

    /// What is kept of a worker that has finished: no replay, since it will draw from none again.
    var finalState: WorkerState { state(.finished) }

    private func state(_ standing: WorkerState.Standing) -> WorkerState {
        WorkerState(
            generators: ["exploration": exploration], environment: nil, observation: nil, episodeReturn: episodeReturn,
            episodeLength: episodeLength, recentReturns: recentReturns, recentLengths: recentLengths, replay: nil,
            standing: standing, agentSteps: agentSteps)
    }
}
