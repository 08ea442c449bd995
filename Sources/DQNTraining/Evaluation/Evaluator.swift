internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

/// Plays evaluation episodes in its own environments, with its own seeds and on its own threads, so that training is
/// unaffected and may continue meanwhile.
///
/// Environment e of n plays the episodes e, e + n, e + 2n, … and each thread steps a fixed share of the environments.
/// The result therefore depends on neither the number of threads nor their speed.
///
/// Not thread-safe: only the trainer uses it.
final class Evaluator {
    private let configuration: TrainingConfiguration
    private let pool: WorkerPool
    private let lanes: [EvaluationLane]
    /// Whether each evaluation draws its first episode.
    private let drawsPictures: Bool
    /// The running evaluation.
    private var job: EvaluationJob?

    /// Creates an evaluator with its first environment; the others are created when they are first needed.
    ///
    /// - Parameters:
    ///   - backend: must not share threads between computations, since training computes at the same time.
    ///   - timeout: time without a step after which an evaluation counts as stuck.
    ///   - drawsPictures: whether each evaluation draws its first episode.
    init(
        _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture, backend: any ComputeBackend,
        gymnasium: GymnasiumSettings, timeout: Duration, drawsPictures: Bool = false
    ) throws {
        self.configuration = configuration
        self.drawsPictures = drawsPictures
        let count = Self.laneCount(configuration)
        let first = try configuration.makeEnvironment(for: .playing, gymnasium: gymnasium)
        lanes = (0..<count).map { index in
            EvaluationLane(
                index, of: count, configuration, architecture, backend: backend, gymnasium: gymnasium,
                firstEnvironment: index == 0 ? first : nil)
        }
        // An environment's process has a time limit of its own.
        pool = WorkerPool(
            count: count, timeout: timeout, startTimeout: gymnasium.startTimeout, name: "dqn-evaluation")
    }

    deinit { job?.cancel() }

    /// The number of evaluation threads.
    static func laneCount(_ configuration: TrainingConfiguration) -> Int {
        let environments = min(configuration.evaluationEnvironments, configuration.evaluationEpisodes)
        return max(1, min(environments, Processors.available))
    }

    /// Starts an evaluation and returns.
    ///
    /// - Parameters:
    ///   - index: the number of evaluations before this one, from which all seeds follow.
    ///   - agentSteps: agent steps of training so far.
    ///   - parameters: the parameters of the policy; they must not change during the evaluation.
    func start(index: Int, agentSteps: Int, _ parameters: ParameterSlab) {
        let job = EvaluationJob(
            configuration, index: index, agentSteps: agentSteps, parameters: parameters, lanes: lanes.count,
            drawsPicture: drawsPictures)
        self.job = job
        let lanes = lanes
        pool.start(on: lanes.indices) { index, heartbeat in try lanes[index].play(job, heartbeat) }
    }

    /// What the running evaluation has played; `nil` while none runs.
    var state: EvaluationState? { job?.progress.state }

    /// Stops the running evaluation: each thread stops at its next step.
    func cancel() {
        job?.cancel()
        pool.askToEnd()
    }

    /// Waits for the evaluation that ``start(index:agentSteps:_:)`` has started.
    ///
    /// - Parameter whileWaiting: called about fifty times a second; returns whether to keep waiting.
    /// - Returns: the result, or why there is none; `nil` if `whileWaiting` has ended the wait.
    func wait(whileWaiting: () -> Bool) -> Result<EvaluationResult, EvaluationFailure>? {
        guard let job else { return .failure(.cancelled) }
        let failures = pool.wait(for: lanes.indices, onFailure: { cancel() }, whileWaiting: whileWaiting)
        guard let failures else { return nil }
        self.job = nil
        // A thread that stopped because another one had failed reports a cancellation.
        let causes = failures.sorted { $0.key < $1.key }.filter { _, failure in
            if case .failed(_ as EvaluationJob.Cancelled) = failure { return false }
            return true
        }
        if let cause = causes.first { return .failure(.failed(cause.value)) }
        guard failures.isEmpty, pool.lost.isEmpty, let result = job.result else { return .failure(.cancelled) }
        return .success(result)
    }
}

/// Why an evaluation has no result.
enum EvaluationFailure: Error {
    /// It was cancelled.
    case cancelled
    /// Its environment or its thread failed.
    case failed(WorkerFailure)
}

/// The result of an evaluation.
struct EvaluationResult: Sendable {
    var evaluation: Evaluation
    /// What the probe batch showed; `nil` if the run has none.
    var probe: ProbeFigures?
    /// The first episode, if it was to be drawn and could be.
    var picture: EvaluationPicture?
    /// Why there is no picture of it, if it was to be drawn.
    var pictureObstacle: String?
}
