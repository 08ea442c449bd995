internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import Synchronization

/// Plays evaluation episodes in its own environment, with its own seeds, so that training is unaffected.
///
/// `@unchecked Sendable`: only the pool's evaluation thread uses it during a job, and only the trainer between jobs; the
/// pool's monitor separates the two. ``cancel()`` is atomic.
final class Evaluator: @unchecked Sendable {
    /// An evaluation was cancelled because the run is to stop.
    struct Cancelled: Error {}

    /// The result of the last evaluation.
    private(set) var result: Evaluation?
    private let isCancelled = Atomic<Bool>(false)
    private let configuration: TrainingConfiguration
    private let architecture: NetworkArchitecture
    private let backend: any ComputeBackend
    // Created on the evaluation thread: oneDNN fixes a computation's number of threads where it is created, not where it
    // runs.
    private var computation: (any NetworkComputation)?
    private var player: EpisodePlayer

    init(
        _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture, backend: any ComputeBackend,
        gymnasium: GymnasiumSettings
    ) throws {
        self.configuration = configuration
        self.architecture = architecture
        self.backend = backend
        player = EpisodePlayer(
            environment: try configuration.makeEnvironment(for: .playing, gymnasium: gymnasium),
            frameStack: configuration.frameStack)
    }

    /// Stops the current evaluation at its next step; callable from any thread.
    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Evaluates a greedy policy. All seeds follow from the run's seed and the evaluation's index.
    ///
    /// - Parameters:
    ///   - index: the number of evaluations before this one.
    ///   - agentSteps: agent steps of training so far.
    ///   - parameters: the parameters of the policy; they must not change during the evaluation.
    ///   - heartbeat: beats at every step of an episode.
    func evaluate(index: Int, agentSteps: Int, _ parameters: ParameterSlab, _ heartbeat: Heartbeat) throws {
        result = nil
        isCancelled.store(false, ordering: .relaxed)
        var generator = RandomGenerator(seed: UInt64(configuration.seed), stream: "evaluations/\(index)")
        ComputeThreads.useCallingThreadOnly()
        let computation =
            try self.computation ?? backend.makeComputation(of: architecture, batchSize: 1, training: false)
        self.computation = computation
        try computation.use(parameters)
        let returns = try (0..<configuration.evaluationEpisodes).map { _ in
            try playEpisode(computation, &generator, heartbeat)
        }
        let summary = ReturnSummary(returns)
        result = Evaluation(
            agentSteps: agentSteps, meanReturn: summary.mean, standardDeviation: summary.standardDeviation,
            episodes: returns.count)
    }

    /// Plays one episode and returns its total reward.
    private func playEpisode(
        _ computation: any NetworkComputation, _ generator: inout RandomGenerator, _ heartbeat: Heartbeat
    ) throws -> Double {
        let maximum = configuration.evaluationMaximumSteps
        return try player.play(
            seed: generator.next(), maximumSteps: maximum > 0 ? maximum : nil,
            epsilon: configuration.evaluationEpsilon, generator: &generator
        ) { observation in
            observation.withBytes { computation.load($0, row: 0, offset: 0) }
            return architecture.greedyAction(of: try computation.forward())
        } onStep: { _ in
            heartbeat.beat()
            if isCancelled.load(ordering: .relaxed) { throw Cancelled() }
        }.totalReward
    }
}
