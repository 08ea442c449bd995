package import DQNCheckpoint
internal import Foundation

/// Prints a value as one JSON document on standard output.
///
/// Keys are in snake case, such as `agent_steps`. Strings are complete; what a terminal obeys or hides is an escape of JSON.
/// - Throws: `CheckpointError` (`inputOutput`) if it cannot be written.
package func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try StandardOutput.json(encoder.encode(value))
}

/// The counters of a run in JSON output.
package struct CountersOutput: Encodable {
    private var agent_steps: Int
    private var frames: Int
    private var gradient_updates: Int
    private var target_refreshes: Int
    private var episodes: Int
    private var evaluations: Int

    /// Creates the output of counters.
    package init(_ counters: Counters) {
        agent_steps = counters.agentSteps
        frames = counters.frames
        gradient_updates = counters.gradientUpdates
        target_refreshes = counters.targetRefreshes
        episodes = counters.episodes
        evaluations = counters.evaluations
    }
}

/// An evaluation in JSON output.
package struct EvaluationOutput: Encodable {
    private var agent_steps: Int
    private var mean_return: Double
    private var standard_deviation: Double
    private var episodes: Int

    /// Creates the output of an evaluation.
    package init(_ evaluation: Evaluation) {
        agent_steps = evaluation.agentSteps
        mean_return = evaluation.meanReturn
        standard_deviation = evaluation.standardDeviation
        episodes = evaluation.episodes
    }
}
