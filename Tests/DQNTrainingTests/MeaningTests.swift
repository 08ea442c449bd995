import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Testing

/// The rules of meaning and the trainer: what it writes satisfies them, and what breaks them ends in an error.
@Suite struct MeaningTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-meaning-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func trainer(_ method: String, _ assignments: [String], _ environment: String = "CartPole-v1") throws
        -> Trainer
    {
        var request = ConfigurationRequest()
        request.environment = environment
        request.method = method
        request.steps = 200
        request.assignments =
            ["network=mlp:4", "evaluation_interval=0", "target_interval=7"]
            + (method.hasSuffix("dqn") ? [] : ["segment_length=5"]) + assignments
        return try Trainer(request.resolve())
    }

    private func state(_ method: String, _ assignments: [String], steps: Int = 53) throws -> Checkpoint {
        let trainer = try trainer(method, assignments)
        while trainer.counters.agentSteps < steps { try trainer.advance(to: steps) }
        return try trainer.checkpoint()
    }

    private func expectValid(_ checkpoint: Checkpoint, _ name: String, convertingIt isConverted: Bool = true) throws {
        for version in isConverted ? FormatVersion.known : [FormatVersion.current] {
            let url = folder.appendingPathComponent("\(name)-\(version).h5")
            guard let converted = try? checkpoint.converted(to: version, allowLossy: true).checkpoint else { continue }
            try converted.write(to: url, version: version)
            let report = Verifier.verify(url, deep: true)
            #expect(report.isValid, "\(name) \(version): \(report.failures)")
            if !isConverted { continue }
            // And the way back, to a running worker of which little is left.
            let back = folder.appendingPathComponent("\(name)-\(version)-back.h5")
            try Checkpoint(contentsOf: url).write(to: back)
            #expect(Verifier.verify(back, deep: true).isValid, "\(name) from \(version)")
        }
    }

    private static let replay = ["learning_starts=10", "batch_size=4", "replay_capacity=60", "train_interval=2"]

    @Test func theTablesAreThoseOfTheLibrary() throws {
        for method in BuiltInMethod.allCases {
            let registered = try TrainingMethods.named(method.rawValue)
            #expect(registered.extensionOwner == nil && registered.usesReplay == method.usesReplay)
        }
        let own = try TrainingMethods.names.filter { try TrainingMethods.named($0).extensionOwner == nil }
        #expect(Set(own) == Set(BuiltInMethod.allCases.map(\.rawValue)))
    }

    @Test(arguments: BuiltInMethod.allCases) func everyStateOfARunIsValid(method: BuiltInMethod) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var settings = method.usesReplay ? Self.replay : []
        if method == .parallelQ { settings.append("minibatches=5") }
        for (number, more) in [
            [], ["environments_per_worker=3"], ["shared_statistics=false"], ["worker_steps=20"],
            ["optimizer=rmsprop", "rmsprop_centred=false"], ["action_masks=true"],
        ].enumerated() {
            for steps in [0, 53] {
                let trainer = try trainer(method.rawValue, settings + more)
                while trainer.counters.agentSteps < steps, !trainer.isFinished { try trainer.advance(to: steps) }
                let checkpoint = try trainer.checkpoint()
                for (name, worker) in checkpoint.workers.enumerated() where worker.status == .running {
                    #expect(Set(worker.generators.keys) == Set(method.streams), "\(method) \(name)")
                }
                try expectValid(
                    checkpoint, "\(method)-\(number)-\(steps)", convertingIt: steps > 0 && number < 4)
            }
        }
        guard method != .dqn else { return }
        let several = try state(method.rawValue, settings + ["workers=3"])
        try expectValid(several, "several")
        let fewer = try Trainer(resuming: several, workers: 1).checkpoint()
        #expect(fewer.workers.map(\.status) == [.running, .resting, .resting])
        try expectValid(fewer, "fewer")
        try expectValid(try Trainer(resuming: fewer, workers: 4).checkpoint(), "more")
        try expectValid(several.stripped(replay: true), "without replay")
        try expectValid(several.stripped(allButPolicy: true), "policy")
        var abandoned = several
        abandoned.workers[1].status = .abandoned
        abandoned.workers[1].environment = nil
        try expectValid(abandoned, "abandoned")
        try expectValid(try Trainer(resuming: abandoned).checkpoint(), "after an abandoned worker")
    }

    /// Returns the error of a resume that used to crash.
    private func refusal(_ checkpoint: Checkpoint) -> String {
        do {
            let trainer = try Trainer(resuming: checkpoint)
            try trainer.advance(to: checkpoint.counters.agentSteps + 20)
            return "none"
        } catch { return "\(error)" }
    }

    @Test func anEpisodeNeedsItsReplay() throws {
        var checkpoint = try state("dqn", Self.replay)
        checkpoint.workers[0].replay = nil
        #expect(refusal(checkpoint).contains("but no replay of it"))
        // A new episode begins with an empty replay.
        checkpoint.workers[0].environment = nil
        #expect(refusal(checkpoint) == "none")
        var several = try state("async-dqn", Self.replay + ["environments_per_worker=3"])
        several.workers[0].additionalEnvironments[1].replay = nil
        #expect(refusal(several).contains("environment 2 has an episode"))
    }

    @Test(arguments: ["async-q", "a3c", "pqn"]) func aSegmentEndsWhereItsWorkerDoes(method: String) throws {
        var settings = ["environments_per_worker=3"]
        if method == "pqn" { settings.append("minibatches=5") }
        var checkpoint = try state(method, settings)
        #expect(refusal(checkpoint) == "none")
        checkpoint.workers[0].agentSteps -= 1
        #expect(refusal(checkpoint).contains("end elsewhere in a round of 3 environments"))
        checkpoint.workers[0].agentSteps += 1
        checkpoint.workers[0].learner = nil
        #expect(refusal(checkpoint).contains("The stored segment has 0 steps"))
    }

    @Test func countsOfLearnersAreBounded() throws {
        let checkpoint = try state("async-dqn", Self.replay + ["workers=2", "shared_statistics=false"])
        for name in ["pulled_at", "updates_until_refresh", "optimizer_steps"] {
            for value in [Int64.min, -1, .max] {
                var forged = checkpoint
                forged.workers[0].learner?.values[name] = .int64([value])
                #expect(refusal(forged).contains("The stored '\(name)' is \(value)"), "\(name) \(value)")
            }
        }
    }

    @Test func anOpenUpdateNeedsSomethingToSample() throws {
        var checkpoint = try state("dqn", Self.replay, steps: 0)
        checkpoint.workers[0].learner = StateSnapshot(
            kind: "dqn", version: 2, values: ["open_update": .int64([0, 2, 0])])
        #expect(refusal(checkpoint).contains("a replay without a step to sample"))
        checkpoint.workers[0].learner?.values["open_update"] = .int64([0, .max, 0])
        #expect(refusal(checkpoint).contains("has taken 0 of"))
    }

    @Test func sumsOfAnySizeAreReported() throws {
        for value in [1e300, -1, .infinity, .nan] {
            var checkpoint = try state("dqn", Self.replay + ["log_interval=10"])
            checkpoint.statistics["updates"] = value
            #expect(refusal(checkpoint) == "none")
        }
    }

    /// The steps of a schedule that continues need not divide by the environments of a worker.
    @Test(arguments: ["async-q", "pqn"]) func aScheduleContinuesWithWholeRounds(method: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.method = method
        request.steps = 900
        request.assignments = [
            "network=mlp:4", "evaluation_interval=0", "environments_per_worker=3", "segment_length=5",
        ]
        if method == "pqn" { request.assignments.append("minibatches=5") }
        let configuration = try request.resolve()
        let trainer = try Trainer(configuration)
        while trainer.counters.agentSteps < 50 { try trainer.advance(to: 50) }
        let file = folder.appendingPathComponent("origin.h5")
        try trainer.checkpoint().write(to: file)
        var options = RunOrigin.Options()
        options.continuesSchedule = true
        let run = try TrainingRun(
            configuration, from: RunOrigin(file, options),
            options: TrainingRun.Options(steps: 90, saveEvery: 0, keep: 1),
            in: RunDirectory(folder.appendingPathComponent("run")))
        #expect(try run.run() == .completed)
        #expect(run.trainer.counters.agentSteps == 90)
    }
}
