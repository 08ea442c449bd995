import ArgumentParser
import CommandLineSupport
import DQNCheckpoint

/// The options of `dqn-play` that choose a policy, an environment and the actions.
struct PlayOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Checkpoint of a run: latest, best or a number of agent steps.", valueName: "which"),
        completion: .list(["latest", "best"]))
    var which = "latest"
    @Option(
        help: ArgumentHelp("Environment to play in. (default: the training environment)", valueName: "id"),
        completion: EnvironmentArguments.identifiers)
    var env: String?
    @OptionGroup var environmentArguments: EnvironmentArguments
    @Option(
        help: ArgumentHelp(
            "Agent steps after which an episode is cut off; 0 sets no limit. (default: \(EpisodeLimit.standardSteps), or the environment's own limit if that is larger)",
            valueName: "n"))
    var maxSteps: Int?
    @Option(help: ArgumentHelp("Seed of the environment's resets.", valueName: "s"))
    var seed = 0
    @Option(help: ArgumentHelp("Probability of a random action.", valueName: "e"))
    var epsilon = 0.0
    @Flag(help: "Draw each action from the policy's probabilities; actor-critic networks only.")
    var sample = false

    /// The checkpoint of a run.
    var selection: CheckpointSelection { CheckpointSelection(which) ?? .latest }

    mutating func validate() throws {
        guard CheckpointSelection(which) != nil else {
            throw ValidationError("--which \(which) is invalid; use latest, best or a number of agent steps.")
        }
        if let maxSteps, maxSteps < 0 {
            throw ValidationError("--max-steps \(maxSteps) is negative; use 0 for no limit, or more.")
        }
        if seed < 0 { throw ValidationError("--seed \(seed) is negative; use 0 or more.") }
        if !(0...1).contains(epsilon) {
            throw ValidationError("--epsilon \(epsilon) is not a probability; use a value from 0 to 1.")
        }
    }
}
