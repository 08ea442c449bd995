import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Logging
import Testing

/// Settings that depend on another one follow it, in whatever order and from whatever source they are set.
@Suite struct SettingDependenceTests {
    private func request(
        _ environment: String? = "CartPole-v1", _ method: String? = nil, _ assignments: [String] = []
    ) -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.environment = environment
        request.method = method
        request.assignments = assignments
        return request
    }

    /// Resolves a request with the given text as its configuration file.
    private func resolve(
        _ request: ConfigurationRequest, file: String
    ) throws -> ConfigurationRequest.Resolution {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("settings-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(file.utf8).write(to: url)
        var request = request
        request.file = url
        return try request.resolution()
    }

    private func stored(_ configuration: TrainingConfiguration) throws -> String {
        String(decoding: try configuration.json.canonicalData(), as: UTF8.self)
    }

    // MARK: Optimiser

    @Test(arguments: ["async-q", "async-sarsa", "async-nstep-q", "a3c"])
    func anotherOptimiserHasItsOwnConstants(method: String) throws {
        #expect(try request("CartPole-v1", method).resolve().optimizer.kind == .rmsprop)
        #expect(try request("CartPole-v1", method, ["optimizer=adam"]).resolve().optimizer == .adam())
    }

    @Test(arguments: ["dqn", "async-dqn"]) func rmspropOfTheReplayMethodsIsThatOfMnih2015(method: String) throws {
        let configuration = try request("CartPole-v1", method, ["optimizer=rmsprop"]).resolve()
        #expect(configuration.optimizer == .rmsprop(decay: 0.95, epsilon: 0.01, centred: true))
    }

    @Test(arguments: [
        ["adam_beta1=0.5", "optimizer=adam", "optimizer_epsilon=1e-5"],
        ["optimizer_epsilon=1e-5", "optimizer=adam", "adam_beta1=0.5"],
        ["optimizer=rmsprop", "adam_beta1=0.5", "optimizer_epsilon=1e-5", "optimizer=adam"],
    ])
    func theOrderOfAssignmentsDoesNotMatter(assignments: [String]) throws {
        let configuration = try request("CartPole-v1", "a3c", assignments).resolve()
        #expect(configuration.optimizer == .adam(beta1: 0.5, beta2: 0.999, epsilon: 1e-5))
    }

    @Test func theOptimiserThatThePresetHasKeepsThePresetsConstants() throws {
        let preset = try request("CartPole-v1", "a3c").resolve().optimizer
        #expect(preset.decay == 0.99 && preset.epsilon == 0.1 && !preset.centred)
        #expect(try request("CartPole-v1", "a3c", ["optimizer=rmsprop"]).resolve().optimizer == preset)
        let file = try resolve(request("CartPole-v1", "a3c"), file: #"{"optimizer":"rmsprop","seed":3}"#)
        #expect(file.configuration.optimizer == preset)
        // There and back.
        let back = try resolve(
            request("CartPole-v1", "a3c", ["optimizer=rmsprop"]), file: #"{"optimizer":"adam","adam_beta1":0.7}"#)
        #expect(back.configuration.optimizer.decay == 0.99 && back.configuration.optimizer.epsilon == 0.1)
    }

    /// A stored configuration has every key, also constants of the optimiser that it does not use.
    @Test func anAssignmentToTheOptimiserOverridesTheConstantsOfAStoredFile() throws {
        var old = try request("CartPole-v1", "a3c").resolve()
        // As older releases stored it.
        (old.optimizer.beta1, old.optimizer.beta2) = (0, 0)
        let same = try resolve(request(nil), file: stored(old))
        #expect(same.configuration == old)
        #expect(same.notices == [])
        let changed = try resolve(request(nil, nil, ["optimizer=adam"]), file: stored(old))
        #expect(changed.configuration.optimizer == .adam())
        #expect(changed.configuration.learningRate == old.learningRate)
        let kept = try resolve(
            request(nil, nil, ["optimizer=adam", "adam_beta2=0.99"]),
            file: #"{"environment":"CartPole-v1","adam_beta1":0.5}"#)
        #expect(kept.configuration.optimizer == .adam(beta1: 0.5, beta2: 0.99))
    }

    @Test func settingTheKeyInAProgramAlsoChangesTheConstants() throws {
        var configuration = try request("CartPole-v1", "async-q").resolve()
        try configuration.set("optimizer", to: .string("adam"))
        #expect(configuration.optimizer == .adam())
        configuration.optimizer.beta1 = 0.5
        try configuration.set("optimizer", to: .string("adam"))
        #expect(configuration.optimizer.beta1 == 0.5)
        try configuration.set("optimizer", to: .string("rmsprop"))
        #expect(configuration.optimizer == .rmsprop(decay: 0.99, epsilon: 0.1, centred: false))
    }

    @Test(arguments: [
        (["adam_beta2=0"], "'adam_beta2'"), (["rmsprop_decay=0"], "'rmsprop_decay'"),
        (["optimizer=rmsprop", "rmsprop_decay=0"], "'rmsprop_decay'"), (["optimizer_epsilon=0"], "'optimizer_epsilon'"),
        (["adam_beta2=0.5"], "set adam_beta2 above the square of adam_beta1, which is 0.81"),
        (["adam_beta1=0.9999"], "set adam_beta2 above the square of adam_beta1"),
    ])
    func refusesImpossibleConstants(assignments: [String], words: String) {
        #expect {
            try request("CartPole-v1", "dqn", assignments).resolve()
        } throws: {
            ($0 as? TrainingError)?.code == .invalidConfiguration && "\($0)".contains(words)
        }
    }

    @Test func aStoredRunKeepsConstantsThatANewRunMayNotHave() throws {
        var configuration = try request("CartPole-v1", "async-q", ["evaluation_interval=0", "optimizer=adam"]).resolve()
        let start = try Trainer(configuration).checkpoint()
        configuration.optimizer.beta1 = 0
        configuration.optimizer.beta2 = 0
        #expect(throws: TrainingError.self) { try Trainer(configuration) }
        #expect { try resolve(request(nil), file: stored(configuration)) } throws: { "\($0)".contains("'adam_beta2'") }
        #expect(try TrainingConfiguration(json: configuration.json) == configuration)
        var old = start
        old.configuration = configuration.json
        let trainer = try Trainer(resuming: old)
        #expect(trainer.configuration.optimizer == configuration.optimizer)
        #expect(trainer.notices.count == 1 && trainer.notices[0].contains("'adam_beta2'"))
        try trainer.advance(to: 20)
        #expect(try trainer.checkpoint().online.allSatisfy(\.isFinite))
    }

    // MARK: Method, environment and target

    @Test func aFileOfAnotherMethodKeepsOnlyWhatDoesNotDependOnTheMethod() throws {
        let file = try stored(
            request("CartPole-v1", "a3c", ["seed=9", "workers=3", "discount=0.9", "learning_rate=0.5"]).resolve())
        let resolution = try resolve(request(nil, "dqn"), file: file)
        var expected = try request("CartPole-v1", "dqn", ["seed=9", "discount=0.9"]).resolve()
        expected.evaluationInterval = 10_000
        expected.logInterval = 5_000
        #expect(resolution.configuration == expected)
        let notice = try #require(resolution.notices.first)
        #expect(
            notice.contains("for the method 'a3c'") && notice.contains("learning_rate") && notice.contains("workers"))
        #expect(try resolve(request(nil), file: file).configuration.workers == 3)
        // A file without a method is for any.
        let partial = try resolve(request("CartPole-v1", "a3c"), file: #"{"learning_rate":0.5,"segment_length":7}"#)
        #expect(partial.configuration.learningRate == 0.5 && partial.configuration.segmentLength == 7)
        #expect(partial.notices == [])
    }

    @Test func aFileOfAnotherEnvironmentKeepsNothingThatDescribesObservations() throws {
        let file = try stored(
            request("Catch84-v0", nil, ["wrappers=time-limit:7", "target_return=1", "frame_stack=2"]).resolve())
        let resolution = try resolve(request("CartPole-v1"), file: file)
        let configuration = resolution.configuration
        #expect(configuration.network == "mlp:256,256" && configuration.frameStack == 1)
        #expect(configuration.wrappers == [] && configuration.targetReturn == nil)
        #expect(configuration.learningRate == 5e-4, "a setting of the file that the environment does not decide")
        #expect(resolution.notices.contains { $0.contains("for the environment 'Catch84-v0'") })
        #expect(try resolve(request("Catch84-v0"), file: file).configuration.wrappers == ["time-limit:7"])
    }

    @Test func aTargetIntervalAloneMeansCopies() throws {
        #expect(try request().resolve().targetRate == 0.01)
        #expect(try request("CartPole-v1", nil, ["target_interval=500"]).resolve().targetRate == 1)
        #expect(try request("CartPole-v1", nil, ["target_interval=1"]).resolve().targetRate == 0.01)
        let both = try request("CartPole-v1", nil, ["target_interval=500", "target_rate=0.5"]).resolve()
        #expect(both.targetRate == 0.5)
        let file = try stored(request().resolve())
        #expect(try resolve(request(nil), file: file).configuration.targetRate == 0.01)
        #expect(try resolve(request(nil, nil, ["target_interval=50"]), file: file).configuration.targetRate == 1)
    }

    // MARK: Settings without effect

    @Test(arguments: [
        ("a3c", ["loss=huber", "epsilon_final=0.1"], ["loss has no effect", "epsilon_final has no effect"]),
        ("a3c", ["batch_size=8", "replay_capacity=50"], ["batch_size, replay_capacity have no effect", "no replay"]),
        ("dqn", ["segment_length=8"], ["segment_length has no effect"]),
        ("dqn", ["entropy_coefficient=1"], ["entropy_coefficient has no effect"]),
        ("dqn", ["rmsprop_decay=0.9"], ["rmsprop_decay has no effect: the optimiser is adam"]),
        ("dqn", ["priority_exponent=0.5"], ["set prioritized=true"]),
        ("async-q", ["epsilon_final=0.1"], ["set epsilon_assignment=fixed"]),
        ("async-q", ["epsilon_resample_interval=9"], ["set epsilon_assignment=drawn"]),
        ("dqn", ["target_interval=5000", "target_rate=0.01"], ["the target network hardly moves"]),
    ])
    func namesSettingsWithoutEffect(method: String, assignments: [String], words: [String]) throws {
        let notices = try request("CartPole-v1", method, assignments).resolution().notices
        for word in words { #expect(notices.contains { $0.contains(word) }, "\(notices)") }
    }

    @Test(arguments: TrainingMethods.names) func aPresetHasNoNotices(method: String) throws {
        guard try TrainingMethods.named(method).extensionOwner == nil else { return }
        for environment in ["CartPole-v1", "Acrobot-v1", "MountainCar-v0", "Catch-v0", "Catch84-v0"] {
            let resolution = try request(environment, method).resolution()
            #expect(resolution.notices == [])
            #expect(try resolve(request(nil), file: stored(resolution.configuration)).notices == [])
        }
    }

    // MARK: Exploration

    /// The ε of each worker beyond the schedule is the mean over its environments.
    @Test(arguments: [
        ("async-q", 12, 1, [0.1, 0.01, 0.5, 0.1, 0.01, 0.5, 0.1, 0.01, 0.5, 0.1, 0.1, 0.01]),
        ("async-nstep-q", 2, 2, [0.055, 0.3]), ("async-dqn", 2, 2, [0.055, 0.3]), ("async-q", 1, 1, [0.1]),
    ])
    func finalEpsilonsAreDealtInTurn(method: String, workers: Int, environments: Int, expected: [Double]) throws {
        try withRunDirectory { directory in
            let steps = 20 * workers * environments
            let configuration = try request(
                "CartPole-v1", method,
                [
                    "workers=\(workers)", "environments_per_worker=\(environments)", "schedule_steps=1",
                    "learning_rate_final=null", "evaluation_interval=0", "network=mlp:4", "log_interval=\(steps)",
                    "worker_steps=\(2 * steps / workers)", "learning_starts=0", "epsilon_assignment=dealt",
                ]
            ).resolve()
            let run = try TrainingRun(
                configuration, options: .init(steps: steps, saveEvery: 0, keep: 1), in: directory,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(try run.run() == .completed)
            let table = try String(contentsOf: directory.workers, encoding: .utf8).split(separator: "\n")
                .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            let worker = try #require(table[0].firstIndex(of: "worker"))
            let epsilon = try #require(table[0].firstIndex(of: "worker/exploration_rate"))
            #expect(table.count > 1)
            for row in table.dropFirst() {
                let value = try #require(Double(row[epsilon]))
                #expect(abs(value - expected[try #require(Int(row[worker]))]) < 1e-12)
            }
            let checkpoint = try Checkpoint(contentsOf: try #require(run.lastCheckpoint))
            #expect(checkpoint.workers.allSatisfy { $0.finalEpsilon == nil })
        }
    }

    @Test func theMethodsWithoutAReplayDealThem() throws {
        for method in ["async-q", "async-sarsa", "async-nstep-q"] {
            #expect(try request("CartPole-v1", method).resolve().epsilonAssignment == .dealt)
        }
        #expect(TrainingConfiguration().epsilonAssignment == .fixed, "the value of files without the key")
    }

    @Test func theActorCriticPresetWeighsValueAndEntropyAsOthersDo() throws {
        let cartPole = try request("CartPole-v1", "a3c").resolve()
        #expect(cartPole.valueCoefficient == 0.25 && cartPole.entropyCoefficient == 0.01)
        #expect(try request("Acrobot-v1", "a3c").resolve().entropyCoefficient == 0.1)
        #expect(TrainingConfiguration().valueCoefficient == 0.5, "the value of files without the key")
    }

    // MARK: Steps

    /// `--steps` decides on the schedules, whatever the file has, and the user is told.
    @Test func theStepsAreTheLengthOfTheSchedules() throws {
        var stored = try request().resolve()
        stored.scheduleSteps = 70_000
        let file = try self.stored(stored)
        func resolve(_ steps: Int?, _ change: (inout ConfigurationRequest) -> Void = { _ in }) throws
            -> ConfigurationRequest.Resolution
        {
            var request = request(nil)
            request.steps = steps
            change(&request)
            return try self.resolve(request, file: file)
        }
        #expect(try resolve(nil).configuration.scheduleSteps == 70_000)
        let taken = try resolve(5_000)
        #expect(taken.configuration.scheduleSteps == 5_000)
        let notice = try #require(taken.notices.first { $0.contains("schedule_steps") })
        #expect(notice.contains("is 5000, the number of --steps, and not 70000"), "\(notice)")
        #expect(notice.hasSuffix("--schedule-steps 70000 keeps that"), "\(notice)")
        #expect(try resolve(70_000).notices.allSatisfy { !$0.contains("schedule_steps") })
        let flag = try resolve(5_000) { $0.flags["schedule_steps"] = .integer(70_000) }
        let assignment = try resolve(5_000) { $0.assignments = ["schedule_steps=70000"] }
        for other in [flag, assignment] {
            #expect(other.configuration.scheduleSteps == 70_000)
            #expect(other.notices.allSatisfy { !$0.contains("schedule_steps is") })
        }
    }

    @Test func moreStepsThanSchedulesCanHaveNeedALengthOfTheirs() throws {
        var request = request()
        request.steps = 5_000_000_000_000
        #expect { try request.resolve() } throws: { error in
            "\(error)".hasPrefix("--steps 5000000000000 is out of range for the schedules")
                && "\(error)".contains("--schedule-steps")
        }
        request.flags["schedule_steps"] = .integer(1_000_000)
        #expect(try request.resolve().scheduleSteps == 1_000_000)
    }
}
