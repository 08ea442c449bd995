package import ArgumentParser
import CommandLineSupport
import DQNEnvironments
import DQNLearning
import DQNModel
internal import DQNSupport
import DQNTraining
import Foundation
import Logging

/// The command `dqn-train`.
package struct TrainCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dqn-train",
        abstract: "Train an agent and save checkpoints that resume exactly.",
        discussion: """
            Creates a run directory with the configuration, metrics and checkpoints. \
            --resume continues a run from its newest valid checkpoint. Ctrl-C saves the \
            run before the program ends, and so do SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU. \
            A second signal, more than a second later, ends the program at once.

            EXAMPLES
              # Train on CartPole with the default preset:
              dqn-train --env CartPole-v1 --out runs/cartpole
              # Change the preset, the seed and a hyperparameter:
              dqn-train --env CartPole-v1 --preset zoo --seed 3 --set learning_rate=1e-3
              # Train with several workers:
              dqn-train --env Catch84-v0 --method a3c --workers 2
              # Let each worker step eight environments:
              dqn-train --env Catch84-v0 --method pqn --set environments_per_worker=8
              dqn-train --env CartPole-v1 --method async-dqn --workers 4 --memory 2G
              # Train in a Gymnasium environment:
              dqn-train --env gym:LunarLander-v3 --out runs/lander
              dqn-train --env gym:ALE/Pong-v5 --out runs/pong
              # Train in an environment of a shared library:
              dqn-train --env plugin:./grid-world.so:GridWorld-v0
              # Resume a run:
              dqn-train --resume runs/cartpole
              # Train for half of the scheduled steps, and finish later:
              dqn-train --env Acrobot-v1 --steps 50000 --schedule-steps 100000 --out runs/a
              dqn-train --resume runs/a --steps 100000
              # Stop and save before a queue's limit of four hours:
              dqn-train --resume runs/a --steps 100000 --time-limit 3h55m
              # Save when the queue warns of a preemption, and go on:
              dqn-train --resume runs/a --save-on-signal USR1
              # Evaluate more often from now on:
              dqn-train --resume runs/a --eval-every 2000 --set evaluation_episodes=30
              # Continue beyond the schedule, which is extended:
              dqn-train --resume runs/a --steps 200000 --schedule-steps 200000
              # Go back to an earlier checkpoint and evaluate what follows more often:
              dqn-train --resume runs/a --which 60000 --eval-every 500
              # Start a new run from the best checkpoint of another, with a smaller step size:
              dqn-train --from runs/a --which best --set learning_rate=1e-4 --out runs/b
              # Start from the policy alone, in another environment of the same shapes:
              dqn-train --from runs/cartpole --policy-only --env gym:CartPole-v1 --out runs/c
              # Show the configuration without training:
              dqn-train --env Acrobot-v1 --print-config

            PRECEDENCE
              Options override --set, which overrides --config, which overrides the preset.

            EXIT CODES
              0    Success.
              1    Training failed, or the output could not be written (full disk, closed pipe).
              64   The command line or the configuration is invalid.
              65   A checkpoint is malformed.
              66   An input file or run does not exist.
              77   The environment of the run or file brings code that you have not allowed.
              130  A signal or the time limit ended the run. It is saved.
            """,
        version: "0.1.0")

    /// Creates a command with default values.
    package init() {}

    /// The names of the training methods, for the help.
    private static let methods = TrainingMethods.names.joined(separator: ", ")

    @Option(
        help: ArgumentHelp(
            "Environment id, such as CartPole-v1, gym:LunarLander-v3 or plugin:./grid.so:Grid-v0.", valueName: "id")
    )
    var env: String?
    @OptionGroup var environmentArguments: EnvironmentArguments
    @Option(help: ArgumentHelp("Training method: \(TrainCommand.methods). (default: dqn)", valueName: "name"))
    var method: String?
    @Option(help: ArgumentHelp("Preset of hyperparameters: default, zoo, cleanrl or atari.", valueName: "name"))
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
    @Option(help: ArgumentHelp("New run directory. (default: runs/ENV-METHOD-seedS)", valueName: "dir"))
    var out: String?
    @Option(help: ArgumentHelp("Resume the run in this directory.", valueName: "dir"))
    var resume: String?
    @OptionGroup var originArguments: OriginArguments
    @Option(
        help: ArgumentHelp("JSON file with configuration keys, such as another run's config.json.", valueName: "file"))
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
    @Option(
        help: ArgumentHelp(
            "Evaluate, save and exit with code 130 before this time since the program's start: 90 (seconds), 30m, 1h30m, HH:MM:SS or D-HH:MM:SS.",
            valueName: "duration"))
    var timeLimit: TimeSpan?
    @Option(
        help: ArgumentHelp(
            "Signal that saves the run without ending it: USR1, USR2, HUP, XCPU, TERM or INT. Repeatable.",
            valueName: "name"))
    var saveOnSignal: [EndingSignal] = []
    // A negative return looks like an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Stop when the mean return of an evaluation reaches this value.", valueName: "x"))
    var targetReturn: Double?
    @Flag(help: "Print the resolved configuration as JSON and exit.")
    var printConfig = false
    @Flag(help: "Print one JSON document about the run when it ends.")
    var json = false
    @Flag(name: .shortAndLong, help: "Hide progress and information; warnings and errors are still logged.")
    var quiet = false
    @Flag(name: .shortAndLong, help: "Log more details.")
    var verbose = false

    /// Validates options that depend on each other.
    package mutating func validate() throws {
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
        if Set(saveOnSignal) == Set(EndingSignal.allCases) {
            throw ValidationError("--save-on-signal names every signal; leave one that ends the run.")
        }
        guard resume != nil else { return }
        let fixed: [(String, Bool)] = [
            ("--env", env != nil), ("--env-set", !environmentArguments.settings.isEmpty), ("--method", method != nil),
            ("--preset", preset != nil), ("--seed", seed != nil),
            ("--out", out != nil), ("--config", config != nil),
            ("--set", !assignments.allSatisfy { EvaluationChanges.allows(String($0.prefix { $0 != "=" })) }),
            ("--print-config", printConfig),
        ]
        if let (flag, _) = fixed.first(where: \.1) {
            throw ValidationError(
                "\(flag) cannot be combined with --resume, because a run keeps its configuration; start a new run from "
                    + "it with --from.")
        }
    }

    /// Creates or resumes the run and trains.
    package func run() throws {
        let start = ContinuousClock.now
        var isStarting = true
        do {
            if printConfig {
                let origin = try originArguments.origin { logger.warning("\($0)") }
                let resolution = try request(origin).resolution(gymnasium: gymnasium())
                let configuration = resolution.configuration
                let foresight = Foresight.notices(on: configuration, steps: steps ?? configuration.scheduleSteps)
                for notice in resolution.notices + foresight { logger.warning("\(notice)") }
                return try printJSON(resolution.configuration.json)
            }
            // Before the run exists: its first state is saved however early a signal arrives.
            Interruption.install(.requests, saving: saveOnSignal)
            let run = try makeRun()
            isStarting = false
            if let timeLimit, timeLimit.seconds.isFinite {
                run.ending.deadline = start + .seconds(timeLimit.seconds)
                logger.info("the run ends by itself within \(timeLimit)")
            }
            try train(run)
        } catch let code as ExitCode {
            throw code
        } catch let error as TrainingError where error.code == .underlyingFailure {
            // The error of another module, whose type decides the exit code.
            throw Self.code(report(error.underlying ?? error, program: "dqn-train"), isStarting: isStarting)
        } catch {
            let code = report(
                error, program: "dqn-train", exitCode: exitCode(of:), cause: { ($0 as? TrainingError)?.underlying })
            throw Self.code(code, isStarting: isStarting)
        }
    }

    /// Returns the exit code of a failure. Queues signal all processes of a job: the process of an environment may end by
    /// it while it starts, and the run is then only interrupted.
    private static func code(_ code: ExitCode, isStarting: Bool) -> ExitCode {
        isStarting && Interruption.isRequested && code == .runtimeFailure ? .interrupted : code
    }

    /// How environments are run; a resume cannot name one.
    func gymnasium() throws -> GymnasiumSettings {
        let logger = logger
        return try environmentArguments.gymnasium(isNamed: env != nil, mayName: resume == nil) {
            logger.warning("\($0)")
        }
    }

    var logger: Logger {
        var logger = Logger(label: "dqn-train") { _ in StandardErrorLog(level: .info) }
        logger.logLevel = quiet ? .warning : verbose ? .debug : .info
        return logger
    }
}
