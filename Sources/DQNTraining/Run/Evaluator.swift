internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel

/// Plays evaluation episodes on an environment of its own, with seeds of its own: training never notices.
final class Evaluator {
    private let configuration: TrainingConfiguration
    private var player: EpisodePlayer

    init(_ configuration: TrainingConfiguration) throws {
        self.configuration = configuration
        player = EpisodePlayer(
            environment: try EnvironmentRegistry.make(configuration.environment), frameStack: configuration.frameStack)
    }

    /// Makes the evaluation of the given number, counted from 0; its seeds follow from the run's seed and the number.
    func evaluate(index: Int, agentSteps: Int, greedy: (Observation) throws -> Int) throws -> Evaluation {
        var generator = RandomGenerator(seed: UInt64(configuration.seed), stream: "evaluations/\(index)")
        let maximum = configuration.evaluationMaximumSteps
        var returns: [Double] = []
        for _ in 0..<configuration.evaluationEpisodes {
            let episode = try player.play(
                seed: generator.next(), maximumSteps: maximum > 0 ? maximum : nil,
                epsilon: configuration.evaluationEpsilon, generator: &generator, policy: greedy)
            returns.append(episode.totalReward)
        }
        let summary = ReturnSummary(returns)
        return Evaluation(
            agentSteps: agentSteps, meanReturn: summary.mean, standardDeviation: summary.standardDeviation,
            episodes: returns.count)
    }
}
