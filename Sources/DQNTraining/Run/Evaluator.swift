internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import Synchronization

/// Plays evaluation episodes on an environment of its own, with seeds of its own: training never notices.
///
/// `@unchecked Sendable`: the evaluator's thread uses it while a job runs and the chief between jobs, which the crew's
/// monitor keeps apart.
final class Evaluator: @unchecked Sendable {
    /// An evaluation was broken off, since the run is to stop.
    struct Cancellation: Error {}

    /// What the last evaluation gave.
    private(set) var result: Evaluation?
    private let isCancelled = Atomic<Bool>(false)

    /// Breaks the evaluation under way off at its next step; called by the chief while it waits.
    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    private let configuration: TrainingConfiguration
    private let architecture: NetworkArchitecture
    private let backend: any ComputeBackend
    // Made on the evaluator's own thread: oneDNN settles on the number of threads that a computation will use when it
    // makes it, not when it runs it.
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

    /// Makes the evaluation of the given number, counted from 0; its seeds follow from the run's seed and the number.
    ///
    /// - Parameters:
    ///   - parameters: of the greedy policy; nobody may write them meanwhile.
    ///   - heartbeat: beats at every step of an episode.
    func evaluate(index: Int, agentSteps: Int, _ parameters: ParameterSlab, _ heartbeat: Heartbeat) throws {
        var generator = RandomGenerator(seed: UInt64(configuration.seed), stream: "evaluations/\(index)")
        let maximum = configuration.evaluationMaximumSteps
        let actions = architecture.actionCount
        ComputeThreads.useCallingThreadOnly()
        let computation =
            try self.computation ?? backend.makeComputation(of: architecture, batchSize: 1, training: false)
        self.computation = computation
        try computation.use(parameters)
        result = nil
        isCancelled.store(false, ordering: .relaxed)
        var returns: [Double] = []
        for _ in 0..<configuration.evaluationEpisodes {
            let episode = try player.play(
                seed: generator.next(), maximumSteps: maximum > 0 ? maximum : nil,
                epsilon: configuration.evaluationEpsilon, generator: &generator
            ) { observation in
                observation.withBytes { computation.load($0, row: 0, offset: 0) }
                // Of an actor-critic network these are the policy's logits; the value stands behind them.
                return UnsafeBufferPointer(rebasing: try computation.forward()[..<actions]).indexOfMaximum
            } onStep: { _ in
                heartbeat.beat()
                if isCancelled.load(ordering: .relaxed) { throw Cancellation() }
            }
            returns.append(episode.totalReward)
        }
        let summary = ReturnSummary(returns)
        result = Evaluation(
            agentSteps: agentSteps, meanReturn: summary.mean, standardDeviation: summary.standardDeviation,
            episodes: returns.count)
    }
}
