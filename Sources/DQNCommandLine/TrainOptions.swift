public import ArgumentParser
import CommandLineSupport
import DQNEnvironments
import DQNLearning
internal import DQNSupport
import DQNTraining

/// The flags of `dqn-train` that describe a run: its environment, method and settings, and where it is stored.
///
/// A command of yours gets them as an option group; ``settings(logger:)`` then returns the run:
///
/// ```swift
/// import ArgumentParser
/// import DQNCommandLine
/// import Logging
///
/// struct Study: ParsableCommand {
///     @OptionGroup var training: TrainOptions
///
///     func run() throws {
///         let logger = Logger(label: "study")
///         _ = try training.settings(logger: logger).makeRun(logger: logger).run()
///     }
/// }
/// ```
public struct TrainOptions: ParsableArguments {
    /// The names of the training methods, for the help.
    private static let methods = TrainingMethods.names.joined(separator: ", ")

    @Option(
        help: ArgumentHelp(
            "Environment id, such as CartPole-v1, gym:LunarLander-v3 or plugin:./grid.so:Grid-v0.", valueName: "id"),
        completion: EnvironmentArguments.identifiers)
    var env: String?
    @OptionGroup var environmentArguments: EnvironmentArguments
    @Option(
        help: ArgumentHelp("Training method: \(TrainOptions.methods). (default: dqn)", valueName: "name"),
        completion: .list(TrainingMethods.names))
    var method: String?
    @Option(
        help: ArgumentHelp("Preset of hyperparameters: default, zoo, cleanrl or atari.", valueName: "name"),
        completion: .list(Preset.allCases.map(\.rawValue)))
    var preset: String?
    @Option(help: ArgumentHelp("Total number of agent steps of the run.", valueName: "n"))
    var steps: Int?
    @Option(
        help: ArgumentHelp(
            "Length of the epsilon and learning rate schedules in agent steps. With --resume it changes the run's. (default: --steps, or without it the schedule_steps of --config or --from)",
            valueName: "n"))
    var scheduleSteps: Int?
    @Option(help: ArgumentHelp("Number of parallel workers; the method dqn has one.", valueName: "n"))
    var workers: Int?
    @Option(help: ArgumentHelp("Seed of all random generators.", valueName: "s"))
    var seed: Int?
    @Option(
        help: ArgumentHelp("New run directory. (default: runs/ENV-METHOD-seedS)", valueName: "dir"),
        completion: .directory)
    var out: String?
    @Option(help: ArgumentHelp("Resume the run in this directory.", valueName: "dir"), completion: .directory)
    var resume: String?
    @OptionGroup var originArguments: OriginArguments
    @Option(
        help: ArgumentHelp("JSON file with configuration keys, such as another run's config.json.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var config: String?
    @Option(
        name: .customLong("set"), help: ArgumentHelp("Set a configuration key. Repeatable.", valueName: "key=value"))
    var assignments: [String] = []
    @Option(help: ArgumentHelp("Number of agent steps between evaluations; 0 disables evaluation.", valueName: "n"))
    var evalEvery: Int?
    @Option(help: ArgumentHelp("Number of episodes per evaluation.", valueName: "n"))
    var evalEpisodes: Int?
    @Option(
        help: ArgumentHelp(
            "Number of agent steps between checkpoints; 0 saves only a new best and the end. (default: 10000)",
            valueName: "n"))
    var saveEvery: Int?
    @Option(
        help: ArgumentHelp(
            "Number of newest checkpoints to keep, in addition to the best. (default: 5)", valueName: "n"))
    var keep: Int?
    @Option(
        help: ArgumentHelp(
            "Memory limit for all workers together, such as 2G (2 GiB) or 500M. (default: the least of the machine's memory and the limits of control groups, SLURM and ulimit)",
            valueName: "bytes")
    )
    var memory: ByteCount?
    @Option(
        help: ArgumentHelp(
            "Time limit in seconds for one step of a worker; a slower worker is considered stuck. (default: 120)",
            valueName: "seconds"))
    var workerTimeout: Double?
    // A negative return looks like an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Stop when the mean return of an evaluation reaches this value.", valueName: "x"))
    var targetReturn: Double?
    @OptionGroup(title: "Watching") var watchArguments: WatchArguments

    /// Creates options for the parser, which sets them.
    public init() {}

    /// Checks the values and combinations that need no environment.
    ///
    /// - Throws: `ValidationError` with the flag, the rule and the remedy.
    public mutating func validate() throws {
        if let workerTimeout, !(workerTimeout > 0 && workerTimeout <= 1e6) {
            throw ValidationError(
                "--worker-timeout \(workerTimeout) is out of range; use a positive number of seconds up to 1000000.")
        }
        let minimums = [
            ("--steps", steps, 1), ("--save-every", saveEvery, 0), ("--keep", keep, 1), ("--workers", workers, 1),
        ]
        for (flag, value, minimum) in minimums {
            if let value, value < minimum {
                throw ValidationError("\(flag) \(value) is too small; the minimum is \(minimum).")
            }
        }
        if !environmentArguments.settings.isEmpty, env == nil, resume == nil, originArguments.from == nil {
            throw ValidationError("--env-set requires --env.")
        }
        try originArguments.validate(resumes: resume != nil)
        guard resume != nil else { return }
        let fixed: [(String, Bool)] = [
            ("--env", env != nil), ("--env-set", !environmentArguments.settings.isEmpty), ("--method", method != nil),
            ("--preset", preset != nil), ("--seed", seed != nil),
            ("--out", out != nil), ("--config", config != nil),
            ("--set", !assignments.allSatisfy { EvaluationChanges.allows(String($0.prefix { $0 != "=" })) }),
        ]
        if let (flag, _) = fixed.first(where: \.1) { throw Self.refusal(ofResumeWith: flag) }
    }

    /// The error of a flag that a resume refuses.
    static func refusal(ofResumeWith flag: String) -> ValidationError {
        ValidationError(
            "\(flag) cannot be combined with --resume, because a run keeps its configuration; start a new run from it "
                + "with --from.")
    }
}
