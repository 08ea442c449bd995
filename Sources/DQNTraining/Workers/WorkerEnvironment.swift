internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel

/// One environment of a worker, with its frame stack and episode.
///
/// `@unchecked Sendable`: only its worker's thread uses it, and during ``EnvironmentThreads/step(_:)`` the
/// thread that steps it.
final class WorkerEnvironment: @unchecked Sendable {
    /// The index among the worker's environments, from 0.
    let index: Int
    /// Undiscounted return and agent steps of the current game.
    private(set) var episodeReturn = 0.0
    private(set) var episodeLength = 0
    /// Whether the environment has thrown an error, so that its state is unknown.
    private(set) var isLost = false
    /// Why the environment could not be restored, if a new episode was started instead.
    private(set) var restoreFailure: EnvironmentError?
    /// Why the environment's state could not be captured, once that has turned out.
    private(set) var captureObstacle: String?

    /// Whether each action is allowed at the newest observation; `nil` if all are.
    private(set) var mask: [Bool]?
    /// The mask of ``firstFrame``.
    private var firstMask: [Bool]?
    private let usesMasks: Bool
    private let actionCount: Int

    private var environment: any Environment
    private let preparation: StepPreparation?
    private var frameStack: FrameStack
    /// The environment's newest observation.
    private(set) var frame: Observation
    /// The first observation of the next episode, after a step that ended one.
    private var firstFrame: Observation
    /// The action to take and the result, of a step on any thread.
    var action = 0
    private var outcome: StepOutcome?
    private var failure: (any Error)?

    /// Wraps an environment.
    ///
    /// - Parameters:
    ///   - environment: not reset yet.
    ///   - usesMasks: whether the environment's action masks count.
    init(
        _ environment: any Environment, index: Int, _ specification: EnvironmentSpecification, frameStack depth: Int,
        usesMasks: Bool
    ) {
        // A shape of its own: each step counts references to it, and all workers have the specification's.
        let shared = specification.observationSpace
        let space = ObservationSpace(shape: shared.shape.map { $0 }, element: shared.element)
        self.environment = environment
        preparation = environment.stepPreparation
        self.usesMasks = usesMasks && specification.masksActions
        actionCount = specification.actionCount
        self.index = index
        frame = Observation(zerosOf: space)
        firstFrame = frame
        frameStack = FrameStack(of: space, depth: depth)
    }

    /// The input of the network: the newest frames, stacked.
    var observation: Observation { frameStack.observation }

    /// Starts the first episode.
    func start(seed: UInt64, _ learner: any VectorLearner) throws {
        try environment.reset(seed: seed)
        environment.observe(into: &frame)
        mask = try validMask()
        beginEpisode(learner)
    }

    /// Returns the mask of the environment's newest observation.
    private func validMask() throws(EnvironmentError) -> [Bool]? {
        usesMasks ? try environment.validActionMask(actions: actionCount) : nil
    }

    /// Restores a stored episode; returns `false` if it cannot continue.
    func restore(
        _ snapshot: StateSnapshot, observation: Observation, episodeReturn: Double, episodeLength: Int
    ) throws -> Bool {
        frameStack = try FrameStack(of: frame.space, depth: frameStack.depth, restoring: observation)
        do {
            try environment.restore(snapshot)
            mask = try validMask()
        } catch let error as EnvironmentError
            where error.code == .stateNotApplicable
        {
            // Failing here would fail every resume of this run.
            restoreFailure = error
            return false
        }
        self.episodeReturn = episodeReturn
        self.episodeLength = episodeLength
        return true
    }

    /// Takes what the environment keeps across episodes from a stored state, such as the statistics of
    /// `reward-normalize`; a new episode comes next.
    ///
    /// A state that another version of the environment cannot restore is reported like an episode that cannot continue.
    func adopt(_ snapshot: StateSnapshot) {
        do { try environment.restore(snapshot) } catch {
            restoreFailure =
                error as? EnvironmentError
                ?? EnvironmentError(code: .stateNotApplicable, message: "\(error)", underlying: error)
        }
    }

    /// Whether a step can begin before it is taken.
    var canPrepareStep: Bool { preparation != nil }

    /// Begins the step with the action, which ``step()`` takes next.
    func prepareStep() { preparation?.begin(action) }

    /// Takes the action, and starts the next episode if this one has ended; callable on a thread of its own.
    func step() {
        outcome = nil
        failure = nil
        do {
            let outcome = try environment.step(action)
            try outcome.requireReward(after: action, of: environment.specification.id)
            environment.observe(into: &frame)
            frameStack.push(frame)
            if usesMasks { mask = outcome.terminated ? nil : try validMask() }
            self.outcome = outcome
            guard outcome.ended else { return }
            try environment.reset(seed: nil)
            environment.observe(into: &firstFrame)
            firstMask = try validMask()
        } catch { failure = error }
    }

    /// Fails the step, if its thread ended first.
    func loseStep(_ error: any Error) {
        outcome = nil
        failure = error
    }

    /// Reports the step to the learner and the worker.
    ///
    /// - Parameter onGameOver: receives return and length of a game that is over.
    /// - Throws: the environment's error; the environment is then lost.
    func finishStep(
        _ learner: any VectorLearner, _ counts: WorkerCounts, onGameOver: (Double, Int) -> Void
    ) throws {
        guard let outcome else {
            isLost = true
            throw failure ?? LostStep()
        }
        // The return as people compare it: of the whole game, before any reward clipping.
        episodeReturn += outcome.rawReward
        episodeLength += 1
        counts.countStep()
        learner.observe(
            Transition(
                action: action, reward: outcome.reward, terminated: outcome.terminated, truncated: outcome.truncated,
                next: StackedObservation(frame: frame, stacked: frameStack.observation, actionMask: mask)), in: index)
        guard outcome.ended else { return }
        if outcome.isGameOver {
            onGameOver(episodeReturn, episodeLength)
            episodeReturn = 0
            episodeLength = 0
        }
        // The learner always needs a current episode; after a failed reset it is abandoned with the environment.
        if failure == nil {
            swap(&frame, &firstFrame)
            mask = firstMask
        }
        beginEpisode(learner)
        if let failure {
            isLost = true
            throw failure
        }
    }

    /// Begins an episode with the current frame.
    private func beginEpisode(_ learner: any VectorLearner) {
        frameStack.clear()
        frameStack.push(frame)
        learner.beginEpisode(
            StackedObservation(frame: frame, stacked: frameStack.observation, actionMask: mask), in: index)
    }

    /// Marks the environment as lost: it has taken a step that was not reported.
    func lose() { isLost = true }

    /// Returns the environment's state; `nil` if it is lost or cannot be captured.
    ///
    /// - Throws: the environment's error; the environment is then lost.
    func snapshot() throws -> StateSnapshot? {
        if isLost { return nil }
        do {
            let snapshot = try environment.snapshot()
            if snapshot == nil, captureObstacle == nil {
                captureObstacle =
                    (environment as? any CaptureExplaining)?.captureObstacle ?? "its snapshot() returns none"
            }
            return snapshot
        } catch {
            isLost = true
            throw error
        }
    }

    /// A step has neither an outcome nor an error.
    private struct LostStep: Error {}
}
