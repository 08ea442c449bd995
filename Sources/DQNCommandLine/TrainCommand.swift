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
        commandName: ProgramName.command("dqn-train"),
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
              # Start a new run from the best checkpoint of another, with smaller steps:
              dqn-train --from runs/a --which best --set learning_rate=1e-4 --out runs/b
              # Start from the policy alone, in another environment of the same shapes:
              dqn-train --from runs/a --policy-only --env gym:Acrobot-v1 --out runs/c
              # Watch the run on the terminal, in TensorBoard, or with a program:
              dqn-train --env CartPole-v1 --dashboard --tensorboard --log-json run.jsonl
              # Show what can be named:
              dqn-train --list environments
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
        version: ProgramVersion.text)

    /// Creates a command with default values.
    package init() {}

    @OptionGroup var options: TrainOptions
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
    @Option(
        name: .customLong("list"),
        help: ArgumentHelp("Print the names of environments, methods or presets and exit.", valueName: "what"))
    var listing: Listing?
    @Flag(help: "Print the resolved configuration as JSON and exit.")
    var printConfig = false
    @Flag(help: "Print one JSON document: about the run when it ends, or the list of --list.")
    var json = false
    @Flag(name: .shortAndLong, help: "Hide progress and information; warnings and errors are still logged.")
    var quiet = false
    @Flag(name: .shortAndLong, help: "Log more details.")
    var verbose = false

    /// Validates options that depend on each other.
    package mutating func validate() throws {
        let runs = [
            ("--env", options.env != nil), ("--resume", options.resume != nil),
            ("--from", options.originArguments.from != nil),
        ]
        if listing != nil, let (flag, _) = runs.first(where: \.1) {
            throw ValidationError("--list prints names and trains nothing; omit \(flag).")
        }
        if Set(saveOnSignal) == Set(EndingSignal.allCases) {
            throw ValidationError("--save-on-signal names every signal; leave one that ends the run.")
        }
        let descriptor = options.watchArguments.logJson.flatMap { Int32($0) }
        if json, descriptor == STDOUT_FILENO {
            throw ValidationError("--log-json 1 and --json both write to standard output; use one of them.")
        }
        if let descriptor, options.watchArguments.dashboard, isatty(descriptor) == 1 {
            throw ValidationError(
                "--log-json \(descriptor) and --dashboard both write to the terminal; name a file with --log-json.")
        }
        if printConfig, options.resume != nil { throw TrainOptions.refusal(ofResumeWith: "--print-config") }
    }

    /// Creates or resumes the run and trains.
    package func run() throws {
        try train(as: "dqn-train") { settings, logger in try settings.makeRun(logger: logger) }
    }

    /// Creates or resumes the run and trains, with the signals, messages and exit codes of `dqn-train`.
    ///
    /// - Parameters:
    ///   - program: the program's name, for errors.
    ///   - makeRun: creates or resumes the run that the flags describe.
    /// - Throws: the exit code of a failure, which has been reported.
    func train(as program: String, makeRun: (TrainSettings, Logger) throws -> TrainingRun) throws {
        let start = ContinuousClock.now
        var isStarting = true
        do {
            if let listing { return try listing.write(json: json) }
            if printConfig {
                let resolution = try options.resolution(options.origin(logger), options.gymnasium(logger))
                let configuration = resolution.configuration
                let steps = options.steps ?? configuration.scheduleSteps
                let foresight = Foresight.notices(on: configuration, steps: steps)
                for notice in resolution.notices + foresight { logger.warning("\(notice)") }
                return try printJSON(configuration.json)
            }
            // Before the run exists: its first state is saved however early a signal arrives.
            Interruption.install(.requests, saving: saveOnSignal)
            let run = try makeRun(options.settings(logger: logger), logger)
            isStarting = false
            if let timeLimit, timeLimit.seconds.isFinite {
                run.ending.deadline = start + .seconds(timeLimit.seconds)
                logger.info("the run ends by itself within \(timeLimit)")
            }
            try train(run, as: program)
        } catch let code as ExitCode {
            throw code
        } catch let error as TrainingError where error.code == .underlyingFailure {
            // The error of another module, whose type decides the exit code.
            throw Self.code(report(error.underlying ?? error, program: program), isStarting: isStarting)
        } catch {
            let code = report(
                error, program: program, exitCode: exitCode(of:), cause: { ($0 as? TrainingError)?.underlying })
            throw Self.code(code, isStarting: isStarting)
        }
    }

    /// Returns the exit code of a failure. Queues signal all processes of a job: the process of an environment may end by
    /// it while it starts, and the run is then only interrupted.
    private static func code(_ code: ExitCode, isStarting: Bool) -> ExitCode {
        isStarting && Interruption.isRequested && code == .runtimeFailure ? .interrupted : code
    }

    var logger: Logger {
        var logger = Logger(label: ProgramName.program("dqn-train")) { _ in StandardErrorLog(level: .info) }
        logger.logLevel = quiet ? .warning : verbose ? .debug : .info
        return logger
    }
}
