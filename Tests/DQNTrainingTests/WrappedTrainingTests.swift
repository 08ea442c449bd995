import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// Wrappers in training: what the method learns from, which returns are reported, and what checkpoints store.
@Suite struct WrappedTrainingTests {
    init() { LivesEnvironment.registration }

    static let wrappers = "no-op-start:3 action-repeat:2,max atari-pixels:42 time-limit:30 episodic-life reward-clip"

    private func request(_ assignments: String...) -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.environment = LivesEnvironment.id
        request.steps = 90
        request.assignments =
            [
                "wrappers=\(Self.wrappers)", "network=mlp:4", "learning_starts=10", "batch_size=4",
                "replay_capacity=200", "log_interval=30", "evaluation_interval=45", "evaluation_episodes=3",
                "frame_stack=2",
            ] + assignments
        return request
    }

    private func train(_ configuration: TrainingConfiguration, cutAt cuts: [Int] = []) throws -> Trainer {
        var trainer = try Trainer(configuration)
        for cut in cuts + [90] {
            while trainer.counters.agentSteps < cut { try trainer.advance(to: cut) }
            if cut < 90 { trainer = try Trainer(resuming: trainer.checkpoint()) }
        }
        return trainer
    }

    /// The bytes of each column of a replay.
    private func columns(_ replay: ReplaySnapshot) -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for column in replay.columns {
            replay.forEachRun(of: column) { result[column.name, default: []] += $0 }
        }
        return result
    }

    @Test("Learning uses clipped rewards and single lives; reported returns and episodes are of whole games")
    func wholeGames() throws {
        // Without random starts each game has nine steps, and each life three.
        let trainer = try train(request("wrappers=action-repeat:2 episodic-life reward-clip").resolve())
        #expect(trainer.counters.agentSteps == 90)
        #expect(trainer.counters.frames == 180)
        #expect(trainer.counters.episodes == 10)
        #expect(trainer.history.columns["rollout/ep_rew_mean"] == [LivesEnvironment.gameReturn].repeated(4))
        #expect(trainer.history.columns["rollout/ep_len_mean"] == [9].repeated(4))
        #expect(trainer.bestEvaluation?.meanReturn == LivesEnvironment.gameReturn)
        let worker = try #require(trainer.checkpoint().workers.first)
        #expect(worker.recentReturns == [LivesEnvironment.gameReturn].repeated(10))
        let replay = columns(try #require(worker.replay))
        let rewards = try #require(replay["rewards"]).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        #expect(rewards == [1].repeated(90) + [0])
        // Every third step ends an episode, and every third starts one.
        #expect(try #require(replay["flags"]) == [4, 0, 1].repeated(30) + [4])
    }

    @Test("A resume in the middle of a game keeps its return so far")
    func middleOfAGame() throws {
        let configuration = try request("wrappers=action-repeat:2 episodic-life reward-clip").resolve()
        var trainer = try Trainer(configuration)
        try trainer.advance(to: 4)
        let worker = try #require(trainer.checkpoint().workers.first)
        #expect(worker.episodeReturn == 16 && worker.episodeLength == 4 && worker.recentReturns == [])
        trainer = try Trainer(resuming: trainer.checkpoint())
        try trainer.advance(to: 9)
        #expect(try trainer.checkpoint().workers.first?.recentReturns == [LivesEnvironment.gameReturn])
    }

    @Test("A run interrupted anywhere continues like an uninterrupted one", arguments: ["dqn", "async-nstep-q"])
    func exactResume(method: String) throws {
        var request = request()
        request.method = method
        let configuration = try request.resolve()
        let whole = try train(configuration).checkpoint()
        for cuts in [[1], [3], [29, 31, 44], [45, 89]] {
            let cut = try train(configuration, cutAt: cuts).checkpoint()
            #expect(cut.online == whole.online, "\(cuts)")
            #expect(cut.counters == whole.counters)
            let (first, second) = (try #require(whole.workers.first), try #require(cut.workers.first))
            #expect(first.environment == second.environment)
            #expect(first.generators == second.generators)
            #expect(first.recentReturns == second.recentReturns && first.recentLengths == second.recentLengths)
            #expect(first.replay.map(columns) == second.replay.map(columns))
        }
        #expect(whole.workers.first?.environment?.kind == "reward-clip")
    }

    @Test("The configuration stores wrappers in canonical form, in JSON as an array")
    func configuration() throws {
        let configuration = try request(#"wrappers=["time-limit:07", "reward-clip"]"#).resolve()
        #expect(configuration.wrappers == ["time-limit:7", "reward-clip"])
        #expect(configuration.json["wrappers"] == .array([.string("time-limit:7"), .string("reward-clip")]))
        #expect(try TrainingConfiguration(json: configuration.json) == configuration)
        #expect(try request("wrappers=").resolve().wrappers == [])
        for (value, part) in [
            ("wrappers=reward-clap", "did you mean 'reward-clip'?"), ("wrappers=7", "a JSON array of strings"),
            ("wrappers=[1]", "a JSON array of strings"), ("wrappers=observation-scale:2", "are bytes"),
        ] {
            #expect { try request(value).resolve() } throws: { "\($0)".contains(part) }
        }
    }

    @Test("A configuration without the key has no wrappers")
    func olderConfigurations() throws {
        guard case .object(var members) = TrainingConfiguration().json else { return }
        members["wrappers"] = nil
        #expect(try TrainingConfiguration(json: .object(members)) == TrainingConfiguration())
        members["dueling"] = nil
        #expect { try TrainingConfiguration(json: .object(members)) } throws: { "\($0)".contains("'dueling'") }
    }

    @Test("The preset atari has the papers' wrappers and its own settings, for screens only")
    func preset() throws {
        var request = ConfigurationRequest()
        request.environment = LivesEnvironment.id
        request.preset = "atari"
        let configuration = try request.resolve()
        #expect(
            configuration.wrappers == [
                "no-op-start:30", "action-repeat:4,max", "atari-pixels:84", "time-limit:27000", "episodic-life",
                "reward-clip",
            ])
        #expect(configuration.frameStack == 4 && configuration.network == "nips-cnn")
        #expect(configuration.scheduleSteps == 1_000_000 && configuration.learningRate == 2.5e-4)
        #expect(configuration.batchSize == 32 && configuration.replayCapacity == 100_000)
        #expect(configuration.learningStarts == 10_000 && configuration.discount == 0.99)
        #expect(configuration.targetInterval == 2_000 && configuration.trainInterval == 4)
        #expect(configuration.gradientSteps == 1 && configuration.epsilonFraction == 0.15)
        #expect(configuration.epsilonFinal == 0.01 && configuration.evaluationEpsilon == 0.01)
        #expect(!configuration.doubleDQN && configuration.prioritized && configuration.nStep == 3)
        #expect(configuration.optimizer == .adam(epsilon: 1.5e-4))
        #expect(configuration.initialization == .orthogonal)
        let screen = try EnvironmentRegistry.make(
            LivesEnvironment.id, wrappers: configuration.wrappers, for: .training)
        #expect(try configuration.inputOffset == brightness(afterResetOf: screen))
        request.method = "a3c"
        let segments = try request.resolve()
        #expect(segments.wrappers == configuration.wrappers && segments.frameStack == 4)
        #expect(segments.network == "nips-cnn" && segments.segmentLength == 5)
        request.environment = "CartPole-v1"
        #expect { try request.resolve() } throws: {
            "\($0)".contains("use it with an Atari game such as --env gym:ALE/Pong-v5")
        }
    }

    @Test("The preset atari gives the built-in methods without a replay eight environments per worker")
    func presetWithoutReplay() throws {
        var request = ConfigurationRequest()
        request.environment = LivesEnvironment.id
        request.preset = "atari"
        for name in ["async-q", "async-sarsa", "async-nstep-q", "a3c", "pqn"] {
            request.method = name
            let configuration = try request.resolve()
            #expect(configuration.environmentsPerWorker == 8 && configuration.initialization == .orthogonal, "\(name)")
            #expect(configuration.network.hasPrefix("nips-cnn") && configuration.learningRate == 2.5e-4, "\(name)")
            #expect(configuration.learningRateFinal == 0 && configuration.optimizer.kind == .adam, "\(name)")
        }
        request.method = "async-nstep-q"
        let values = try request.resolve()
        #expect(values.optimizer == .adam(epsilon: 1.5e-4) && values.learningRate == 2.5e-4)
        #expect(values.learningRateFinal == 0 && values.targetInterval == 2_000 && values.scheduleSteps == 8_000_000)
        #expect(values.epsilonAssignment == .fixed && values.epsilonFinal == 0.01 && values.epsilonFraction == 0.0625)
        request.method = "a3c"
        let policy = try request.resolve()
        #expect(policy.optimizer == .adam(epsilon: 1e-5) && policy.learningRate == 2.5e-4)
        #expect(policy.learningRateFinal == 0 && policy.maximumGradientNorm == 2.5 && policy.segmentLength == 5)
    }

    @Test("The preset atari has a plug-in method's own options, and one environment per worker")
    func presetOfPlugIn() throws {
        CountingMethod.registration
        var request = ConfigurationRequest()
        request.environment = LivesEnvironment.id
        request.method = "counting"
        request.preset = "atari"
        let configuration = try request.resolve()
        #expect(configuration.methodOptions == ["first": .integer(0)])
        #expect(configuration.network == "nips-cnn" && configuration.environmentsPerWorker == 1)
    }

    @Test("The preset presses FIRE in games that have it, and bounds evaluations")
    func presetWithFire() throws {
        func preset(_ meanings: [String]) throws -> TrainingConfiguration {
            try Preset.atari.configuration(
                for: EnvironmentSpecification(
                    id: "Game-v0", observationSpace: ObservationSpace(shape: [210, 160], element: .uint8),
                    actionMeanings: meanings))
        }
        let pong = try preset(["noop", "fire", "right", "left"])
        #expect(pong.wrappers.suffix(3) == ["episodic-life", "fire-on-reset", "reward-clip"])
        #expect(try preset(["noop", "up", "fire"]).wrappers.suffix(2) == ["episodic-life", "reward-clip"])
        #expect(pong.evaluationMaximumSteps == 10_000)
        var vector = EnvironmentSpecification(
            id: "Endless-v0", observationSpace: ObservationSpace(shape: [4], element: .float32),
            actionMeanings: ["a", "b"])
        #expect(try Preset.default.configuration(for: vector).evaluationMaximumSteps == 5_000)
        vector.maximumEpisodeSteps = 200
        #expect(try Preset.default.configuration(for: vector).evaluationMaximumSteps == 27_000)
    }

    /// The value of all pixels of the first screen.
    private func brightness(afterResetOf environment: any Environment) throws -> Double {
        var environment = environment
        try environment.reset(seed: 0)
        var screen = Observation(zerosOf: environment.specification.observationSpace)
        environment.observe(into: &screen)
        return screen.withBytes { Double($0[0]) }
    }

    @Test("A run of an older release is repeated with what that release did, not with new defaults")
    func olderFiles() throws {
        var request = ConfigurationRequest()
        request.environment = LivesEnvironment.id
        request.preset = "atari"
        let new = try request.resolve()
        guard case .object(var members) = new.json else { return }
        for key in ["initialization", "input_offset", "input_scale", "munchausen", "quantiles"] { members[key] = nil }
        members["double"] = .bool(true)
        members["prioritized"] = .bool(false)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("old-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try JSONValue.object(members).canonicalData().write(to: file)
        request = ConfigurationRequest()
        request.file = file
        let old = try request.resolve()
        #expect(old.initialization == .fanIn && old.inputOffset == nil)
        #expect(old.doubleDQN && !old.prioritized && old.nStep == 3, "settings that the file has")
        members["learning_rate"] = nil
        try JSONValue.object(members).canonicalData().write(to: file)
        #expect(try request.resolve().initialization == .orthogonal, "a file with some settings only")
    }

    @Test("The preset adds its options to the ids of Gymnasium's games unless they are set")
    func presetOptions() throws {
        for (id, expected) in [
            ("gym:ALE/Pong-v5", "gym:ALE/Pong-v5?frameskip=1,obs_type=grayscale"),
            ("gym:ALE/Pong-v5?obs_type=rgb", "gym:ALE/Pong-v5?obs_type=rgb,frameskip=1"),
            ("gym:PongNoFrameskip-v4", "gym:PongNoFrameskip-v4?obs_type=grayscale"),
            ("gym:ALE/Pong-v5?frameskip=1,obs_type=grayscale", "gym:ALE/Pong-v5?frameskip=1,obs_type=grayscale"),
            ("Catch84-v0", "Catch84-v0"), ("plugin:./a.so", "plugin:./a.so"),
        ] {
            let id = try EnvironmentID(id)
            #expect(try Preset.atari.identifier(id).description == expected)
            #expect(try Preset.default.identifier(id) == id)
        }
    }

    @Test("Atari's games use the preset atari unless their options differ")
    func standardPreset() throws {
        for id in ["gym:ALE/Pong-v5", "gym:PongNoFrameskip-v4", "gym:ALE/Pong-v5?repeat_action_probability=0"] {
            #expect(try Preset.standard(for: EnvironmentID(id)) == .atari)
        }
        for id in [
            "gym:ALE/Pong-v5?frameskip=4", "gym:ALE/Pong-v5?obs_type=ram", "gym:Pong-ramNoFrameskip-v4",
            "gym:CartPole-v1",
            "CartPole-v1", "plugin:./ALE/a.so",
        ] {
            #expect(try Preset.standard(for: EnvironmentID(id)) == .default)
        }
    }
}

extension Array {
    fileprivate func repeated(_ count: Int) -> [Element] { (0..<count).flatMap { _ in self } }
}
