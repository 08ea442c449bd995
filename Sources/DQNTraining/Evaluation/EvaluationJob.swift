internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import Synchronization

/// One evaluation: what its threads share.
///
/// `@unchecked Sendable`: `returns`, `observations`, `playing`, `picture` and `result` are accessed only with the lock held, and the
/// parameters are only read. The rest is constant or atomic.
final class EvaluationJob: @unchecked Sendable {
    /// The evaluation was cancelled because the run is to stop.
    struct Cancelled: Error {}

    /// The number of evaluations before this one.
    let index: Int
    /// The parameters of the policy.
    let parameters: ParameterSlab
    /// How far the evaluation has come.
    let progress: EvaluationProgress
    /// Whether the first episode is drawn.
    let drawsPicture: Bool
    private let configuration: TrainingConfiguration
    private let agentSteps: Int
    private let isCancelled = Atomic<Bool>(false)
    private let lock = Lock()
    private var returns: [Double]
    /// The part of the probe batch from each episode, and at the end the part from exploring.
    private var observations: [[Observation]]
    /// Threads that have not finished.
    private var playing: Int
    private var picture: (drawn: EvaluationPicture?, obstacle: String?) = (nil, nil)
    private var outcome: EvaluationResult?

    init(
        _ configuration: TrainingConfiguration, index: Int, agentSteps: Int, parameters: ParameterSlab, lanes: Int,
        drawsPicture: Bool
    ) {
        self.configuration = configuration
        self.index = index
        self.agentSteps = agentSteps
        self.parameters = parameters
        self.drawsPicture = drawsPicture
        progress = EvaluationProgress(agentSteps: agentSteps, episodes: configuration.evaluationEpisodes)
        returns = Array(repeating: 0, count: configuration.evaluationEpisodes)
        observations = Array(repeating: [], count: configuration.evaluationEpisodes + 1)
        playing = lanes
    }

    /// The result, once every thread has finished.
    var result: EvaluationResult? { lock.withLock { outcome } }

    /// Stops the evaluation; callable from any thread.
    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// - Throws: ``Cancelled`` if the evaluation was cancelled.
    func requireNotCancelled() throws(Cancelled) {
        if isCancelled.load(ordering: .relaxed) { throw Cancelled() }
    }

    /// The random stream from which the seeds of the episodes are drawn.
    var seeds: RandomGenerator { stream("evaluations/\(index)") }

    /// Returns the policy of one episode.
    func policy(ofEpisode episode: Int, _ architecture: NetworkArchitecture) -> EvaluationPolicy {
        EvaluationPolicy(configuration, architecture, stream: "evaluations/\(index)/\(episode)")
    }

    /// Returns the random stream of one episode's actions.
    func actions(ofEpisode episode: Int) -> RandomGenerator { stream("evaluations/\(index)/\(episode)") }

    /// Returns the random stream that selects the probe batch's observations from an episode.
    func probe(_ name: String) -> RandomGenerator { stream("probe/\(index)/\(name)") }

    private func stream(_ name: String) -> RandomGenerator {
        RandomGenerator(seed: UInt64(configuration.seed), stream: name)
    }

    /// The number of the probe batch's observations that come from exploring.
    var exploredObservations: Int { configuration.probeObservations / 2 }

    /// Returns the number of the probe batch's observations that come from an episode.
    func observations(ofEpisode episode: Int) -> Int {
        let (total, episodes) = (configuration.probeObservations - exploredObservations, returns.count)
        return total * (episode + 1) / episodes - total * episode / episodes
    }

    /// Records an episode.
    func record(_ episode: Int, totalReward: Double, _ sample: [Observation]) {
        lock.withLock {
            returns[episode] = totalReward
            observations[episode] = sample
        }
    }

    /// Records the picture of the first episode, or why there is none.
    func record(_ picture: EvaluationPicture?, obstacle: String?) {
        lock.withLock { self.picture = (picture, obstacle) }
    }

    /// Records what exploring has observed.
    func recordExploring(_ sample: [Observation]) {
        lock.withLock { observations[observations.count - 1] = sample }
    }

    /// Counts a thread as finished; the last one computes the result.
    ///
    /// - Parameter measure: computes the figures of the probe batch.
    func finishThread(_ measure: ([Observation]) throws -> ProbeFigures?) throws {
        let probe: [Observation]? = lock.withLock {
            playing -= 1
            return playing == 0 ? observations.flatMap(\.self) : nil
        }
        guard let probe else { return }
        let figures = probe.isEmpty ? nil : try measure(probe)
        lock.withLock {
            let summary = ReturnSummary(returns)
            outcome = EvaluationResult(
                evaluation: Evaluation(
                    agentSteps: agentSteps, meanReturn: summary.mean, standardDeviation: summary.standardDeviation,
                    episodes: returns.count),
                probe: figures, picture: picture.drawn, pictureObstacle: picture.obstacle)
        }
    }
}
