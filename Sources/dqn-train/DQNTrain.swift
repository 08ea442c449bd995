import ArgumentParser
import CommandLineSupport
import DQNEnvironments
import DQNLearning
import DQNModel
internal import DQNSupport
import DQNTraining
import Foundation
import Logging

@main
struct DQNTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dqn-train",
        abstract: "Trains a deep Q-network, saving checkpoints that a later run resumes exactly.",
        discussion: """
            EXAMPLES
              dqn-train --env CartPole-v1 --out runs/cartpole
              dqn-train --env CartPole-v1 --preset zoo --seed 3 --set learning_rate=1e-3
              dqn-train --env Catch84-v0 --method a3c --workers 2
              dqn-train --env CartPole-v1 --method async-dqn --workers 4 --memory 2G
              dqn-train --env gym:LunarLander-v3 --out runs/lander
              dqn-train --env gym:ALE/Pong-v5 --out runs/pong
              dqn-train --env plugin:./grid-world.so:GridWorld-v0
              dqn-train --resume runs/cartpole
              dqn-train --env Acrobot-v1 --steps 100000 --schedule-steps 200000 --out runs/acrobot
              dqn-train --resume runs/acrobot --steps 200000
              dqn-train --env Acrobot-v1 --print-config

            Flags win over --set, which wins over --config, which wins over the preset.
            Exit codes: 0 done, 1 failed, 64 usage, 65 malformed checkpoint, 66 missing input, 130 interrupted and saved.
            """,
        version: "0.1.0")

    /// The methods' names for the help.
    private static let methods = TrainingMethods.names.joined(separator: ", ")

    @Option(
        help: ArgumentHelp(
            "The environment's id, as in CartPole-v1, gym:LunarLander-v3 or plugin:./grid.so:Grid-v0.", valueName: "id")
    )
    var env: String?
    @OptionGroup var environmentArguments: EnvironmentArguments
    @Option(help: ArgumentHelp("The training method: \(DQNTrain.methods).", valueName: "name"))
    var method: String?
    @Option(help: ArgumentHelp("Settings to start from: default, zoo, cleanrl or atari.", valueName: "name"))
    var preset: String?
    @Option(help: ArgumentHelp("Agent steps at which the run stops, counted from its beginning.", valueName: "n"))
    var steps: Int?
    @Option(
        help: ArgumentHelp(
            "Agent steps over which epsilon and the learning rate move; fixed for the run's life (default: --steps).",
            valueName: "n"))
    var scheduleSteps: Int?
    @Option(help: ArgumentHelp("Workers that run at once; the method dqn has one.", valueName: "n"))
    var workers: Int?
    @Option(help: ArgumentHelp("Seed of every random stream.", valueName: "s"))
    var seed: Int?
    @Option(help: ArgumentHelp("The run's directory (default: runs/ENV-METHOD-seedS).", valueName: "dir"))
    var out: String?
    @Option(help: ArgumentHelp("Go on with the run in this directory.", valueName: "dir"))
    var resume: String?
    @Option(help: ArgumentHelp("A JSON file of configuration keys, or another run's config.json.", valueName: "file"))
    var config: String?
    @Option(
        name: .customLong("set"), help: ArgumentHelp("Set one configuration key; repeatable.", valueName: "key=value"))
    var assignments: [String] = []
    @Option(help: ArgumentHelp("Agent steps between evaluations; 0 never evaluates.", valueName: "n"))
    var evalEvery: Int?
    @Option(help: ArgumentHelp("Episodes of an evaluation.", valueName: "n"))
    var evalEpisodes: Int?
    @Option(
        help: ArgumentHelp(
            "Agent steps between saves; 0 saves at a new best and at the end (default: 10000).", valueName: "n"))
    var saveEvery: Int?
    @Option(help: ArgumentHelp("Newest checkpoints kept; the best is kept besides (default: 5).", valueName: "n"))
    var keep: Int?
    @Option(
        help: ArgumentHelp(
            "Memory that the workers may take together, as in 2G (2 GiB) or 500M (default: the machine's).",
            valueName: "bytes")
    )
    var memory: ByteCount?
    @Option(
        help: ArgumentHelp(
            "Seconds without a finished step after which a worker counts as stuck (default: 120).",
            valueName: "seconds"))
    var workerTimeout: Double?
    @Option(help: ArgumentHelp("Mean return of an evaluation at which the run ends early.", valueName: "x"))
    var targetReturn: Double?
    @Flag(help: "Print the resolved configuration as JSON and end.")
    var printConfig = false
    @Flag(help: "Print one JSON document about the run at its end.")
    var json = false
    @Flag(name: .shortAndLong, help: "Say errors only.")
    var quiet = false
    @Flag(name: .shortAndLong, help: "Say more.")
    var verbose = false

    mutating func validate() throws {
        if let workerTimeout, !(workerTimeout > 0 && workerTimeout <= 1e6) {
            throw ValidationError("--worker-timeout \(workerTimeout) is out of range; use seconds up to 1000000.")
        }
        let least = [
            ("--steps", steps, 1), ("--save-every", saveEvery, 0), ("--keep", keep, 1), ("--workers", workers, 1),
        ]
        for (flag, value, least) in least {
            if let value, value < least {
                throw ValidationError("\(flag) \(value) is too small; the least is \(least).")
            }
        }
        if !environmentArguments.settings.isEmpty, env == nil, resume == nil {
            throw ValidationError("--env-set goes with --env only.")
        }
        guard resume != nil else { return }
        let fixed: [(String, Bool)] = [
            ("--env", env != nil), ("--env-set", !environmentArguments.settings.isEmpty), ("--method", method != nil),
            ("--preset", preset != nil), ("--seed", seed != nil),
            ("--schedule-steps", scheduleSteps != nil), ("--out", out != nil), ("--config", config != nil),
            ("--set", !assignments.isEmpty), ("--eval-every", evalEvery != nil),
            ("--eval-episodes", evalEpisodes != nil), ("--target-return", targetReturn != nil),
            ("--print-config", printConfig),
        ]
        if let (flag, _) = fixed.first(where: \.1) {
            throw ValidationError("\(flag) cannot go with --resume: a run keeps the configuration it began with.")
        }
    }

    func run() throws {
        do {
            if printConfig {
                return try printJSON(try request().resolve(gymnasium: environmentArguments.gymnasium).json)
            }
            let run = try makeRun()
            Interruption.install(survivingClosedPipes: true)
            try drive(run)
        } catch let code as ExitCode {
            throw code
        } catch let error as TrainingError where error.code == .underlyingFailure {
            // The error of another module, whose type decides the exit code.
            throw report(error.underlying ?? error, program: "dqn-train")
        } catch {
            throw report(
                error, program: "dqn-train", codeOf: exitCode(of:), causeOf: { ($0 as? TrainingError)?.underlying })
        }
    }

    private func request() throws -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.environment = try env.map {
            try EnvironmentID($0).setting(environmentArguments.settings).description
        }
        request.preset = preset
        request.file = config.map { URL(fileURLWithPath: $0) }
        request.assignments = assignments
        func set(_ key: String, _ value: Int?) { if let value { request.flags[key] = .integer(Int64(value)) } }
        set("seed", seed)
        set("schedule_steps", scheduleSteps)
        request.steps = steps
        set("evaluation_interval", evalEvery)
        set("evaluation_episodes", evalEpisodes)
        set("workers", workers)
        request.method = method
        if let targetReturn { request.flags["target_return"] = .number(targetReturn) }
        return request
    }

    private func makeRun() throws -> TrainingRun {
        var logger = Logger(label: "dqn-train") { _ in StandardErrorLog(level: .info) }
        logger.logLevel = quiet ? .error : verbose ? .debug : .info
        if let resume {
            let directory = RunDirectory(URL(fileURLWithPath: resume))
            return try TrainingRun(
                resuming: directory, steps: steps, saveEvery: saveEvery, keep: keep, workers: workers,
                memoryLimit: memory?.bytes, workerTimeout: workerTimeout.map { .seconds($0) },
                gymnasium: environmentArguments.gymnasium, logger: logger)
        }
        let gymnasium = environmentArguments.gymnasium
        let configuration = try request().resolve(gymnasium: gymnasium)
        let options = TrainingRun.Options(
            steps: steps ?? configuration.scheduleSteps, saveEvery: saveEvery ?? 10_000, keep: keep ?? 5,
            memoryLimit: memory?.bytes, workerTimeout: workerTimeout.map { .seconds($0) })
        let environment = try EnvironmentID(configuration.environment).shortName ?? "run"
        let name = "runs/\(environment)-\(configuration.method)-seed\(configuration.seed)"
        let directory = RunDirectory(URL(fileURLWithPath: out ?? name))
        return try TrainingRun(
            configuration, options: options, in: directory, gymnasium: gymnasium, logger: logger)
    }
}
