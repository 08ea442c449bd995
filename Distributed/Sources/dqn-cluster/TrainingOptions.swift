import ArgumentParser
@_spi(Distributed) import DQNDistributed

/// The options of `dqn-train` that choose what is trained.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Environment id, such as CartPole-v1.", valueName: "id"))
    var env: String?
    @Option(
        help: ArgumentHelp("Training method: async-dqn, async-q, async-sarsa, async-nstep-q or a3c.", valueName: "name")
    )
    var method: String?
    @Option(help: ArgumentHelp("Preset of hyperparameters: default, zoo, cleanrl or atari.", valueName: "name"))
    var preset: String?
    @Option(help: ArgumentHelp("Total number of agent steps of the run.", valueName: "n"))
    var steps: Int?
    @Option(help: ArgumentHelp("Length of the schedules in agent steps.", valueName: "n"))
    var scheduleSteps: Int?
    @Option(help: ArgumentHelp("Number of workers that the run starts with.", valueName: "n"))
    var workers: Int?
    @Option(help: ArgumentHelp("Seed of all random generators.", valueName: "s"))
    var seed: Int?
    @Option(help: ArgumentHelp("New run directory. (default: runs/ENV-METHOD-seedS)", valueName: "dir"))
    var out: String?
    @Option(help: ArgumentHelp("Resume the run in this directory.", valueName: "dir"))
    var resume: String?
    @Option(help: ArgumentHelp("JSON file with configuration keys.", valueName: "file"))
    var config: String?
    @Option(
        name: .customLong("set"), help: ArgumentHelp("Set a configuration key. Repeatable.", valueName: "key=value"))
    var assignments: [String] = []
    @Option(help: ArgumentHelp("Number of agent steps between evaluations; 0 disables evaluation.", valueName: "n"))
    var evalEvery: Int?
    @Option(help: ArgumentHelp("Number of episodes per evaluation.", valueName: "n"))
    var evalEpisodes: Int?
    @Option(help: ArgumentHelp("Number of agent steps between checkpoints. (default: 10000)", valueName: "n"))
    var saveEvery: Int?
    @Option(help: ArgumentHelp("Number of newest checkpoints to keep. (default: 5)", valueName: "n"))
    var keep: Int?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Stop when the mean return of an evaluation reaches this value.", valueName: "x"))
    var targetReturn: Double?
    @Option(help: ArgumentHelp("Python interpreter for Gymnasium environments.", valueName: "path"))
    var python: String?
    @Flag(help: "Let the environment of a file or run load its code.")
    var trustEnvironment = false

    func validate() throws {
        let minimums = [
            ("--steps", steps, 1), ("--save-every", saveEvery, 0), ("--keep", keep, 1), ("--workers", workers, 1),
        ]
        for (flag, value, minimum) in minimums {
            if let value, value < minimum {
                throw ValidationError("\(flag) \(value) is too small; the minimum is \(minimum).")
            }
        }
        guard resume != nil else { return }
        let fixed: [(String, Bool)] = [
            ("--env", env != nil), ("--method", method != nil), ("--preset", preset != nil), ("--seed", seed != nil),
            ("--out", out != nil), ("--config", config != nil),
        ]
        if let (flag, _) = fixed.first(where: \.1) {
            throw ValidationError("\(flag) cannot be combined with --resume, because a run keeps its configuration.")
        }
    }

    /// What the chief trains.
    var training: ClusterTraining {
        var training = ClusterTraining()
        training.environment = env
        training.method = method
        training.preset = preset
        training.steps = steps
        training.scheduleSteps = scheduleSteps
        training.workers = workers
        training.seed = seed
        training.out = out
        training.resume = resume
        training.file = config
        training.assignments = assignments
        training.evaluateEvery = evalEvery
        training.evaluationEpisodes = evalEpisodes
        training.saveEvery = saveEvery
        training.keep = keep
        training.targetReturn = targetReturn
        training.python = python
        training.trustsEnvironment = trustEnvironment
        return training
    }
}
