package import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNEnvironments
import DQNInference
import DQNModel
import Foundation

/// The command `dqn-play`.
package struct PlayCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: ProgramName.command("dqn-play"),
        abstract: "Play episodes with a trained policy.",
        discussion: """
            Loads the policy of a checkpoint and acts greedily. The last line of output is the mean return.

            EXAMPLES
              # Play the newest checkpoint of a run:
              dqn-play runs/cartpole
              # Check that the best checkpoint reaches a mean return of 475:
              dqn-play runs/cartpole --which best --episodes 100 --min-return 475
              # Watch an episode in the terminal:
              dqn-play step-000000050000.h5 --render ansi --episodes 1
              # Record an episode as an animated GIF:
              dqn-play runs/cartpole --record cartpole.gif
              # Draw the actions of an actor-critic policy from its probabilities:
              dqn-play runs/pong-a3c --sample
              # Write every step to a file, and the results as JSON:
              dqn-play policy.h5 --trace steps.jsonl --json

            EXIT CODES
              0    Success.
              1    The program failed, its output could not be written (full disk, closed pipe), or the mean return is
                   below --min-return.
              64   The command line is invalid.
              65   The checkpoint is malformed.
              66   An input file does not exist.
              77   The environment of the checkpoint brings code that you have not allowed.
              130  A signal interrupted the program.
            """,
        version: ProgramVersion.text)

    /// Creates a command with default values.
    package init() {}

    /// How to show episodes.
    enum Render: String, ExpressibleByArgument, CaseIterable {
        case none, ansi
    }

    @Argument(
        help: ArgumentHelp("Checkpoint file or run directory.", valueName: "checkpoint-or-run-dir"), completion: .file()
    )
    var path: String
    @OptionGroup var options: PlayOptions
    @Option(help: ArgumentHelp("Number of episodes. (default: 10; with --record: 1)", valueName: "n"))
    var episodes: Int?
    @Option(help: "How to show the environment after each step.")
    var render = Render.none
    // A negative return looks like an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Exit with code 1 if the mean return is below this value.", valueName: "x"))
    var minReturn: Double?
    @Option(help: ArgumentHelp("Write one JSON line per step to a new file.", valueName: "file"), completion: .file())
    var trace: String?
    @Option(
        help: ArgumentHelp(
            "Record one episode with its Q-values to a new file: a video (.gif, or .mp4 with ffmpeg) or a contact sheet (.png).",
            valueName: "file"), completion: .file(extensions: ["gif", "mp4", "png"]))
    var record: String?
    @Option(help: ArgumentHelp("Steps per second of a recorded video. (default: real time)", valueName: "n"))
    var speed: Double?
    @Flag(help: "Print one JSON document instead of text.")
    var json = false
    @Flag(name: .shortAndLong, help: "Print only the last line, and warnings.")
    var quiet = false

    /// Validates options that depend on each other.
    package mutating func validate() throws { try validate(recordingAs: "--record") }

    /// - Parameter recording: the option or argument that names the file of a recording.
    func validate(recordingAs recording: String) throws {
        if let episodes, episodes < 1 {
            throw ValidationError("--episodes \(episodes) is too small; the minimum is 1.")
        }
        try validateRecording(recording)
        if json, render == .ansi {
            throw ValidationError("--json and --render ansi both write to standard output; use only one of them.")
        }
    }

    private func validateRecording(_ name: String) throws {
        guard let record else {
            if speed != nil { throw ValidationError("--speed requires a recording; add --record FILE.gif.") }
            return
        }
        if let episodes, episodes > 1 {
            throw ValidationError("--record records one episode, not \(episodes); omit --episodes.")
        }
        if let speed, !(0.1...100).contains(speed) {
            throw ValidationError("--speed \(speed) is out of range; use 0.1 to 100 steps per second.")
        }
        do { try EpisodeRecording.validateFormat(of: fileURL(record, name)) } catch let error as PathError {
            throw ValidationError("\(error)")
        } catch {
            throw ValidationError("\(name): \(error)")
        }
    }

    /// Plays the episodes and prints their returns.
    package func run() throws {
        do { try play() } catch let code as ExitCode { throw code } catch {
            let code = report(error, program: "dqn-play")
            throw Interruption.isRequested ? .interrupted : code
        }
    }

    private func play() throws {
        let (url, policy) = try CheckpointLocation.read(fileURL(path, "CHECKPOINT"), options.selection) {
            writeError("warning: \($0)")
        } _: { (url) throws(CheckpointError) in
            try Policy(contentsOf: url)
        }
        let agent = try Agent(policy, concurrency: 1)
        if options.sample { try agent.requireProbabilities(for: "--sample") }
        let environment = try makeEnvironment(for: agent)
        try check(environment.specification, fits: agent)
        for notice in environment.specification.readingNotices { writeError("warning: \(notice)") }
        if let notice = environment.specification.sourceNotice(since: url) { writeError("warning: \(notice)") }
        let limit = EpisodeLimit(requested: options.maxSteps, for: environment.specification)
        let episodes = try play(agent, in: environment, limit)
        try printSummary(of: episodes, url, agent, environment.specification.id, limit)
    }

    /// Creates the environment. One that `--env` names without saying how its observations are read is read as the
    /// policy needs it.
    private func makeEnvironment(for agent: Agent) throws -> any Environment {
        let gymnasium = try gymnasium()
        let id = try EnvironmentID(options.env ?? agent.environment).setting(options.environmentArguments.settings)
        let environment = try EnvironmentRegistry.make(id, wrappers: agent.wrappers, gymnasium: gymnasium)
        let advised = environment.specification.advisedOptions
        if options.env == nil || advised.isEmpty || fits(environment.specification, agent) { return environment }
        return try EnvironmentRegistry.make(id.defaulting(advised), wrappers: agent.wrappers, gymnasium: gymnasium)
    }

    private func fits(_ environment: EnvironmentSpecification, _ agent: Agent) -> Bool {
        environment.observationSpace.stacked(depth: agent.frameStack) == agent.architecture.input
            && environment.actionCount == agent.architecture.actionCount
    }

    private func check(_ environment: EnvironmentSpecification, fits agent: Agent) throws {
        guard fits(environment, agent) else {
            let space = environment.observationSpace.stacked(depth: agent.frameStack)
            throw EnvironmentError(
                code: .unknownEnvironment,
                message: "The policy was trained in '\(agent.environment)' and needs observations of shape "
                    + "\(agent.architecture.input.shape) and \(agent.architecture.actionCount) actions, but "
                    + "'\(environment.id)' has observations of shape \(space.shape) and \(environment.actionCount) "
                    + "actions. " + (options.env == nil ? "Use the plug-in that it was trained with." : "Omit --env."))
        }
    }

    private func play(
        _ agent: Agent, in environment: any Environment, _ limit: EpisodeLimit
    ) throws -> [PlayedEpisode] {
        // Create the recording first: it leaves no file behind if another output cannot be created.
        let recording = try record.map {
            try EpisodeRecording(to: fileURL($0, "--record"), of: environment, speed: speed)
        }
        defer { recording?.discard() }
        let trace = try trace.map { try TraceFile(fileURL($0, "--trace")) }
        let screen = render == .ansi ? EnvironmentScreen() : nil
        defer { screen?.leave() }
        // From here on there are outputs to complete.
        Interruption.install(.requests)
        var player = EpisodePlayer(
            environment: environment, frameStack: agent.frameStack, usesActionMasks: agent.usesActionMasks)
        var generator = RandomGenerator(seed: UInt64(options.seed), stream: "play")
        var draws = RandomGenerator(seed: UInt64(options.seed), stream: "play/sample")
        var played: [PlayedEpisode] = []
        for index in 0..<(episodes ?? (record == nil ? 10 : 1)) {
            let seed = generator.next()
            let given = try EnvironmentID(environment.specification.id).resetSeed(seed)
            var mayRemake = recording != nil
            func playOnce() throws -> EpisodePlayer.Episode {
                try player.play(
                    seed: seed, maximumSteps: limit.steps, epsilon: options.epsilon, generator: &generator,
                    maskedPolicy: { observation, mask in
                        options.sample
                            ? try agent.sampledAction(for: observation, allowing: mask, using: &draws)
                            : try agent.action(for: observation, allowing: mask)
                    },
                    onReset: { environment in
                        do { try recording?.begin(with: environment) } catch  where mayRemake {
                            throw EpisodeRecording.Undrawn(reason: error)
                        }
                    },
                    onStep: { step in
                        let needsValues = trace != nil || recording != nil
                        let values = needsValues ? try agent.actionValues(for: step.observation) : []
                        try trace?.append(
                            step, episode: index, seed: given, actionValues: values, isCutOff: limit.cutsOff(step))
                        try recording?.add(step, actionValues: values)
                        try screen?.show(step)
                        if let signal = Interruption.endingSignal {
                            try recording?.finish()
                            try trace?.close()
                            screen?.leave()
                            if !quiet {
                                writeError("\(ProgramName.program("dqn-play")): \(signal.name) in episode \(index + 1)")
                            }
                            throw ExitCode.interrupted
                        }
                    })
            }
            var episode: EpisodePlayer.Episode
            do { episode = try playOnce() } catch let failure as EpisodeRecording.Undrawn {
                mayRemake = false
                // An environment that does not know the mode cannot be drawn either.
                guard let drawable = try? makeDrawable(environment.specification.id, agent) else {
                    throw failure.reason
                }
                // No step has been taken, so the episode with the same seed is the same.
                player = EpisodePlayer(
                    environment: drawable, frameStack: agent.frameStack, usesActionMasks: agent.usesActionMasks)
                episode = try playOnce()
            }
            played.append(PlayedEpisode(episode: episode, seed: given))
            screen?.leave()
            if !quiet, !json { try StandardOutput.line(Self.text(episode, number: index + 1, seed: given)) }
        }
        try trace?.close()
        if let description = try recording?.finish(), !quiet, !json { try StandardOutput.line(description) }
        return played
    }

    /// Creates a Gymnasium environment anew in the mode that draws pictures; `nil` if it is no such environment, or its
    /// id has a mode already. Some environments can only draw if they were created to.
    private func makeDrawable(_ text: String, _ agent: Agent) throws -> (any Environment)? {
        let id = try EnvironmentID(text)
        guard id.kind == .gymnasium, id.options["render_mode"] == nil else { return nil }
        return try EnvironmentRegistry.make(
            id.setting(["render_mode=rgb_array"]), wrappers: agent.wrappers, gymnasium: gymnasium())
    }

    private func gymnasium() throws -> GymnasiumSettings {
        try options.environmentArguments.gymnasium(isNamed: options.env != nil) { writeError("warning: \($0)") }
    }
}
