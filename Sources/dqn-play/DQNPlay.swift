import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNEnvironments
import DQNGraphics
import DQNInference
import DQNModel
import Foundation

@main
struct DQNPlay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dqn-play",
        abstract: "Plays episodes greedily with the policy of a checkpoint.",
        discussion: """
            EXAMPLES
              dqn-play runs/cartpole
              dqn-play runs/cartpole --which best --episodes 100 --min-return 475
              dqn-play runs/cartpole/checkpoints/step-000000050000.h5 --render ansi --episodes 1
              dqn-play runs/cartpole --record cartpole.gif
              dqn-play policy.h5 --trace steps.jsonl --json

            Exit codes: 0 done, 1 failed (as --record FILE.mp4 without ffmpeg) or --min-return not reached,
            64 usage, 65 malformed checkpoint, 66 missing input, 130 interrupted.
            """,
        version: "0.1.0")

    /// How episodes are shown.
    enum Render: String, ExpressibleByArgument, CaseIterable {
        case none, ansi
    }

    @Argument(help: ArgumentHelp("A checkpoint file, or a run's directory.", valueName: "checkpoint-or-run-dir"))
    var path: String
    @Option(
        help: ArgumentHelp("Which checkpoint of a run: latest, best or a number of agent steps.", valueName: "which"))
    var which = "latest"
    @Option(help: ArgumentHelp("The environment (default: the one trained in).", valueName: "id"))
    var env: String?
    @OptionGroup var environmentArguments: EnvironmentArguments
    @Option(help: ArgumentHelp("Episodes to play (default: 10; with --record: 1).", valueName: "n"))
    var episodes: Int?
    @Option(help: ArgumentHelp("Agent steps after which an episode is cut off.", valueName: "n"))
    var maxSteps: Int?
    @Option(help: ArgumentHelp("Seed of the environment's resets.", valueName: "s"))
    var seed = 0
    @Option(help: ArgumentHelp("Probability of a random action.", valueName: "e"))
    var epsilon = 0.0
    @Option(help: "Draw the environment after each step: none or ansi.")
    var render = Render.none
    @Option(help: ArgumentHelp("End with exit code 1 when the mean return is below this.", valueName: "x"))
    var minReturn: Double?
    @Option(help: ArgumentHelp("Write a JSON line for each step to this new file.", valueName: "file"))
    var trace: String?
    @Option(
        help: ArgumentHelp(
            "Record the episode with its Q-values: a film (.gif; .mp4 with ffmpeg) or a contact sheet (.png).",
            valueName: "file"))
    var record: String?
    @Option(help: ArgumentHelp("Steps that a recorded film shows a second (default: real time).", valueName: "n"))
    var speed: Double?
    @Flag(help: "Print one JSON document instead of text.")
    var json = false
    @Flag(name: .shortAndLong, help: "Print the last line only.")
    var quiet = false

    mutating func validate() throws {
        guard CheckpointSelection(which) != nil else {
            throw ValidationError("--which \(which): use latest, best or a number of agent steps.")
        }
        if let episodes, episodes < 1 {
            throw ValidationError("--episodes \(episodes) is too small; the least is 1.")
        }
        if let maxSteps, maxSteps < 1 { throw ValidationError("--max-steps \(maxSteps) is too small; the least is 1.") }
        if seed < 0 { throw ValidationError("--seed \(seed) is negative; use 0 or more.") }
        if !(0...1).contains(epsilon) { throw ValidationError("--epsilon \(epsilon) is no probability; use 0 to 1.") }
        try checkRecording()
        if json, render == .ansi { throw ValidationError("--json and --render ansi both write to standard output.") }
    }

    func run() throws {
        do { try play() } catch let code as ExitCode { throw code } catch {
            throw report(error, program: "dqn-play", codeOf: Film.exitCode)
        }
    }

    private func play() throws {
        let selection = CheckpointSelection(which) ?? .latest
        let (url, policy) = try CheckpointLocation.read(URL(fileURLWithPath: path), selection) {
            writeError("warning: \($0)")
        } _: { (url) throws(CheckpointError) in
            try Policy(contentsOf: url)
        }
        let agent = try Agent(policy, concurrency: 1)
        let environment = try EnvironmentRegistry.make(
            EnvironmentID(env ?? agent.environment).setting(environmentArguments.settings),
            wrappers: agent.wrappers, gymnasium: environmentArguments.gymnasium)
        try check(environment.specification, fits: agent)
        let count = episodes ?? (record == nil ? 10 : 1)
        // First: it leaves nothing behind where it cannot be made.
        let film = try record.map { try Film(URL(fileURLWithPath: $0), environment, agent, speed: speed) }
        defer { film?.discard() }
        let trace = try trace.map { try TraceFile(URL(fileURLWithPath: $0)) }
        let screen = render == .ansi ? Screen() : nil
        defer { screen?.leave() }
        if film != nil || screen != nil { Interruption.install() }
        var player = EpisodePlayer(environment: environment, frameStack: agent.frameStack)
        var generator = RandomGenerator(seed: UInt64(seed), stream: "play")
        var played: [EpisodePlayer.Episode] = []
        for index in 0..<count {
            let episode = try player.play(
                seed: generator.next(), maximumSteps: maxSteps, epsilon: epsilon, generator: &generator,
                policy: { try agent.action(for: $0) }, onReset: { try film?.begin($0) },
                onStep: { step in
                    let values = trace == nil && film == nil ? [] : try agent.actionValues(for: step.observation)
                    try trace?.append(step, episode: index, actionValues: values)
                    try film?.add(step, actionValues: values)
                    screen?.show(step)
                    if Interruption.isRequested {
                        try film?.finish()
                        throw ExitCode.interrupted
                    }
                })
            played.append(episode)
            screen?.leave()
            if !quiet, !json {
                print("episode \(index + 1): return \(Self.number(episode.totalReward)), \(episode.length) steps")
            }
        }
        try trace?.close()
        if let recorded = try film?.finish(), !quiet, !json { print(recorded) }
        try summarise(played, url, agent, environment.specification.id)
    }

    private func check(_ environment: EnvironmentSpecification, fits agent: Agent) throws {
        let space = environment.observationSpace.stacked(depth: agent.frameStack)
        guard space == agent.architecture.input, environment.actionCount == agent.architecture.actionCount else {
            throw EnvironmentError(
                code: .unknownEnvironment,
                message: "The policy was trained in '\(agent.environment)' and takes \(agent.architecture.input.shape) "
                    + "observations and \(agent.architecture.actionCount) actions; '\(environment.id)' gives "
                    + "\(space.shape) and has \(environment.actionCount). "
                    + (env == nil ? "Play with the plug-in that it was trained with." : "Leave --env out."))
        }
    }

    private func summarise(_ episodes: [EpisodePlayer.Episode], _ url: URL, _ agent: Agent, _ id: String) throws {
        let summary = ReturnSummary(episodes.map(\.totalReward))
        if json {
            try printJSON(
                PlayReport(
                    checkpoint: url.path, step: agent.agentSteps, environment: id, episodes: episodes.count,
                    returns: episodes.map(\.totalReward), lengths: episodes.map(\.length), mean_return: summary.mean,
                    std_return: summary.standardDeviation))
        } else {
            let mean = Self.number(summary.mean)
            print("mean return \(mean) ± \(Self.number(summary.standardDeviation)) over \(episodes.count) episodes")
        }
        if let minReturn, !(summary.mean >= minReturn) {
            writeError(
                "dqn-play: the mean return \(Self.number(summary.mean)) is below --min-return \(Self.number(minReturn))."
            )
            throw ExitCode.runtimeFailure
        }
    }

    private func checkRecording() throws {
        guard let record else {
            if speed != nil { throw ValidationError("--speed is that of a film; name one by --record FILE.gif.") }
            return
        }
        if let episodes, episodes > 1 {
            throw ValidationError("--record records one episode, not \(episodes); leave --episodes out.")
        }
        if let speed, !(0.1...100).contains(speed) {
            throw ValidationError("--speed \(speed) cannot be shown; use 0.1 to 100 steps a second.")
        }
        do { _ = try RecordingFormat(URL(fileURLWithPath: record)) } catch {
            throw ValidationError("--record: \(error)")
        }
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }
}

/// What `--json` prints.
private struct PlayReport: Encodable {
    var checkpoint: String
    var step: Int
    var environment: String
    var episodes: Int
    var returns: [Double]
    var lengths: [Int]
    var mean_return: Double
    var std_return: Double
}
