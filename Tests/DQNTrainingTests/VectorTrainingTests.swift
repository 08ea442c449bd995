import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// Workers with several environments.
@Suite struct VectorTrainingTests {
    init() {
        VectorScriptEnvironment.registration
        FaultyEnvironment.registration
        CountingMethod.registration
    }

    @Test("One update over several environments is PyTorch's", arguments: VectorFixture.shared.cases)
    func parametersAgreeWithPyTorch(_ recorded: VectorFixture.Case) throws {
        let script = VectorFixture.shared
        let usesAdam = recorded.optimizer == "adam"
        var configuration = TrainingConfiguration()
        configuration.environment = VectorScriptEnvironment.id
        configuration.method = recorded.method
        configuration.network = recorded.network
        configuration.environmentsPerWorker = script.environments
        configuration.scheduleSteps = script.scheduleSteps
        configuration.learningRate = usesAdam ? script.adamRate : script.learningRate
        configuration.learningRateFinal = 0
        configuration.learningStarts = 0
        if recorded.method == "dqn" {
            configuration.learningStarts = script.learningStarts
            configuration.batchSize = script.batchSize
            configuration.nStep = script.nStep
            configuration.trainInterval = 2
            configuration.replayCapacity = 200
        }
        configuration.discount = script.discount
        configuration.segmentLength = script.segmentLength
        configuration.returnLambda = script.returnLambda
        configuration.epochs = script.epochs
        configuration.minibatches = script.minibatches
        configuration.targetInterval = script.targetInterval
        configuration.epsilonStart = script.exploration
        configuration.epsilonFinal = script.exploration
        configuration.loss = .squared
        configuration.maximumGradientNorm = script.maxGradientNorm
        configuration.entropyCoefficient = 0.01
        configuration.valueCoefficient = 0.5
        configuration.optimizer =
            usesAdam
            ? .adam(epsilon: script.adamEpsilon)
            : .rmsprop(decay: script.rmspropDecay, epsilon: script.rmspropEpsilon, centred: false)
        configuration.evaluationInterval = 0

        var start = try Trainer(configuration).checkpoint()
        start.online = recorded.initial
        if start.target != nil { start.target = recorded.initial }
        let trainer = try Trainer(resuming: start)
        try trainer.advance(to: script.steps)
        let end = try trainer.checkpoint()
        expectClose(end.online, recorded.online, "online")
        for (name, slot) in recorded.slots { expectClose(try #require(end.optimizer?.slots[name]), slot, name) }
        if recorded.method == "dqn" { return }
        guard case .float32(let rewards)? = end.workers[0].learner?.values["segment.rewards"] else {
            Issue.record("the open segment is missing")
            return
        }
        #expect(rewards.count == recorded.openSteps)
    }

    private func expectClose(_ values: [Float], _ expected: [Float], _ name: String) {
        RecordedMethods.expectClose(values, expected, name, tolerance: 1e-4)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var method: String
        var environment = "CartPole-v1"
        var settings: [String] = []
        var testDescription: String { "\(method) \(environment) \(settings.joined(separator: " "))" }
    }

    private static let everything = ["double=true", "dueling=true", "n_step=3", "prioritized=true"]
    private static let cases = [
        Case(method: "dqn"), Case(method: "dqn", settings: everything), Case(method: "async-dqn"),
        Case(method: "async-dqn", environment: "Catch-v0", settings: ["network=conv:4k3s1/fc16"] + everything),
        Case(method: "async-q"), Case(method: "async-q", settings: ["double=true"]), Case(method: "async-sarsa"),
        Case(method: "async-sarsa", settings: ["epsilon_assignment=drawn", "epsilon_resample_interval=7"]),
        Case(method: "async-nstep-q"), Case(method: "a3c"),
        Case(method: "a3c", settings: ["shared_statistics=false", "optimizer=adam"]),
        Case(method: "pqn", settings: ["minibatches=3"]),
        Case(method: "pqn", settings: ["minibatches=3", "environments_per_worker=1"]),
    ]
    private static let steps = 120

    private func configuration(_ test: Case, environments: Int = 3) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = test.environment
        request.method = test.method
        request.steps = Self.steps
        let replay = ["learning_starts=10", "batch_size=4", "replay_capacity=60", "train_interval=2"]
        request.assignments =
            [
                "network=mlp:8", "environments_per_worker=\(environments)", "log_interval=50", "evaluation_interval=0",
                "target_interval=7", "wrappers=time-limit:12",
            ] + (test.method.hasSuffix("dqn") ? replay : ["segment_length=6"]) + test.settings
        return try request.resolve()
    }

    private func train(_ configuration: TrainingConfiguration, cutAt cuts: [Int] = []) throws -> Checkpoint {
        var trainer = try Trainer(configuration)
        for cut in cuts + [Self.steps] {
            while trainer.counters.agentSteps < cut { try trainer.advance(to: cut) }
            if cut < Self.steps { trainer = try Trainer(resuming: trainer.checkpoint()) }
        }
        return try trainer.checkpoint()
    }

    /// The bytes of each column of a replay.
    private func columns(_ replay: ReplaySnapshot?) -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for column in replay?.columns ?? [] {
            replay?.forEachRun(of: column) { result[column.name, default: []] += $0 }
        }
        return result
    }

    @Test("A run that stops anywhere, also within a round, continues like an uninterrupted one", arguments: cases)
    func exactResume(_ test: Case) throws {
        let configuration = try configuration(test)
        let whole = try train(configuration)
        for cuts in [[1], [2], [3, 4], [17, 18, 19, 20], [53], [29, 31, 44, 100], [71, 118, 119]] {
            let cut = try train(configuration, cutAt: cuts)
            #expect(cut.online == whole.online, "\(cuts)")
            #expect(cut.target == whole.target && cut.optimizer?.slots == whole.optimizer?.slots)
            #expect(cut.counters == whole.counters)
            let (first, second) = (try #require(whole.workers.first), try #require(cut.workers.first))
            #expect(first.generators == second.generators)
            #expect(first.learner?.values == second.learner?.values, "\(cuts)")
            #expect(first.recentReturns == second.recentReturns && first.recentLengths == second.recentLengths)
            #expect(first.environment == second.environment)
            #expect(first.observation?.bytes == second.observation?.bytes)
            #expect(columns(first.replay) == columns(second.replay))
            #expect(first.additionalEnvironments.count == configuration.environmentsPerWorker - 1)
            for (first, second) in zip(first.additionalEnvironments, second.additionalEnvironments) {
                #expect(first.environment != nil && first.environment == second.environment)
                #expect(first.observation?.bytes == second.observation?.bytes)
                #expect(first.episodeReturn == second.episodeReturn && first.episodeLength == second.episodeLength)
                #expect((first.replay != nil) == test.method.hasSuffix("dqn"))
                #expect(columns(first.replay) == columns(second.replay))
            }
        }
        #expect(whole.counters.gradientUpdates > 5)
    }

    @Test("A run that stops within the first rounds continues exactly with every number of environments")
    func everyStep() throws {
        for environments in [2, 4, 5] {
            let configuration = try configuration(Case(method: "async-sarsa"), environments: environments)
            let whole = try train(configuration)
            for cut in 1..<25 {
                let other = try train(configuration, cutAt: [cut])
                #expect(other.online == whole.online, "\(environments) environments, cut at \(cut)")
            }
        }
    }

    @Test("Every environment's steps count, and each has its own seed and its own part of the replay")
    func counts() throws {
        let checkpoint = try train(
            configuration(Case(method: "dqn", settings: ["replay_capacity=61", "gradient_steps=1"])))
        let worker = try #require(checkpoint.workers.first)
        #expect(checkpoint.counters.agentSteps == 120 && worker.agentSteps == 120)
        // One update every two steps, after each round. The first round that ends after the warm-up has steps 10 to 12.
        #expect(checkpoint.counters.gradientUpdates == 120 / 2 - 9 / 2)
        let replays = ([worker.replay] + worker.additionalEnvironments.map(\.replay)).compactMap(\.self)
        #expect(replays.map(\.capacity) == [20, 20, 20])
        #expect(Set(replays.map { columns($0)["frames"] ?? [] }).count == 3)
        #expect(checkpoint.counters.episodes == worker.recentReturns.count)
        #expect(worker.recentReturns.count >= 3 * (40 / 12))
    }

    @Test("An error names the environment, and a resume begins a new episode there only")
    func faults() throws {
        var configuration = try configuration(Case(method: "a3c"), environments: 3)
        configuration.environment = FaultyEnvironment.id(.throwsInStep)
        configuration.wrappers = []
        configuration.workers = 2
        let trainer = try Trainer(configuration)
        #expect {
            while trainer.counters.agentSteps < 600 { try trainer.advance(to: 600) }
        } throws: { "\($0)".contains("environment 0 of worker 1 failed at agent step") }
        let checkpoint = try trainer.checkpoint()
        #expect(checkpoint.workers.map(\.status) == [.running, .abandoned])
        #expect(checkpoint.workers[1].environment == nil)
        #expect(checkpoint.workers[1].additionalEnvironments.allSatisfy { $0.environment != nil })
        let resumed = try Trainer(resuming: checkpoint)
        #expect(resumed.notices.contains { $0.contains("worker 1") && $0.contains("its environment 0") })
        let goal = checkpoint.counters.agentSteps + 100
        while resumed.counters.agentSteps < goal { try resumed.advance(to: goal) }
    }

    @Test("A plug-in's learner for one environment is refused with several")
    func plugIns() throws {
        var configuration = TrainingConfiguration()
        configuration.method = "counting"
        configuration.methodOptions = ["first": .integer(0)]
        configuration.network = "mlp:4"
        configuration.environmentsPerWorker = 2
        #expect { _ = try Trainer(configuration) } throws: {
            "\($0)".contains("'counting' steps one environment per worker, not 2; set environments_per_worker to 1")
        }
        configuration.environmentsPerWorker = 1
        let trainer = try Trainer(configuration)
        try trainer.advance(to: 5)
        #expect(trainer.counters.agentSteps == 5)
    }

    @Test("Another number of environments is refused at a resume")
    func otherNumber() throws {
        for method in ["dqn", "a3c"] {
            var checkpoint = try train(configuration(Case(method: method)), cutAt: [])
            var configuration = try TrainingConfiguration(json: checkpoint.configuration)
            configuration.environmentsPerWorker = 2
            checkpoint.configuration = configuration.json
            #expect { _ = try Trainer(resuming: checkpoint) } throws: {
                "\($0)".contains("has 3 environments per worker, not 2")
            }
        }
    }

    @Test("Settings that do not fit several environments are refused")
    func settings() throws {
        for (test, part) in [
            (Case(method: "dqn", settings: ["replay_capacity=8"]), "replay_capacity 8 is too small"),
            (Case(method: "pqn", settings: ["minibatches=4"]), "minibatches 4 does not divide the 18 steps"),
            (Case(method: "pqn", settings: ["minibatches=3", "double=true"]), "no target network"),
            (Case(method: "pqn", settings: ["minibatches=3", "n_step=2"]), "has no replay"),
        ] {
            #expect { _ = try configuration(test) } throws: { "\($0)".contains(part) }
        }
    }
}
