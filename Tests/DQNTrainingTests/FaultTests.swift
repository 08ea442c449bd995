import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Logging
import Testing

/// Workers that die, block, throw or are slow, at every point of a run: each case has a defined outcome.
///
/// Serialised, because on a busy machine a working worker might look stuck.
@Suite(.serialized) struct FaultTests {
    init() { FaultyEnvironment.registration }

    private func configuration(
        _ fault: FaultyEnvironment.Fault, method: String = "async-dqn"
    ) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = FaultyEnvironment.id(fault)
        request.method = method
        request.steps = 400
        request.assignments =
            [
                "workers=2", "network=mlp:8", "learning_starts=20", "batch_size=4", "log_interval=50",
                "evaluation_interval=200", "evaluation_episodes=1",
            ] + (method == "async-dqn" ? ["replay_capacity=200"] : [])
        return try request.resolve()
    }

    private func run(
        _ configuration: TrainingConfiguration, in directory: RunDirectory, saveEvery: Int = 0
    ) throws -> TrainingRun.Outcome {
        let options = TrainingRun.Options(steps: 400, saveEvery: saveEvery, keep: 100, workerTimeout: .seconds(0.5))
        let run = try TrainingRun(
            configuration, options: options, in: directory, gymnasium: GymnasiumSettings(startTimeout: .seconds(0.5)),
            logger: silent)
        return try run.run()
    }

    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private func newest(_ directory: RunDirectory) throws -> Checkpoint {
        try CheckpointLocation.read(directory.checkpoints, .latest) {
            Issue.record("\($0)")
        } _: { (url) throws(CheckpointError) in
            try Checkpoint(contentsOf: url)
        }.value
    }

    @Test(
        arguments: [
            (FaultyEnvironment.Fault.throwsInStep, "worker 1 failed at agent step"),
            (.throwsAtReset, "worker 1 failed at agent step"), (.blocksInStep, "Worker 1 is stuck at agent step"),
            (.diesInStep, "Worker 1 died at agent step"), (.throwsInSnapshot, "worker 1 could not save its state"),
            (.blocksInSnapshot, "Worker 1 is stuck at agent step"),
        ], ["async-dqn", "async-nstep-q", "a3c"])
    func aFaultDuringTrainingEndsTheRunWithAnErrorAndACheckpoint(
        fault: (kind: FaultyEnvironment.Fault, words: String), method: String
    ) throws {
        try withRunDirectory { directory in
            let configuration = try configuration(fault.kind, method: method)
            #expect {
                _ = try run(configuration, in: directory, saveEvery: 40)
            } throws: { error in
                guard let error = error as? TrainingError else { return false }
                return error.code == .runFailed && error.message.contains(fault.words)
                    && error.message.contains("The state is saved in")
            }
            let checkpoint = try newest(directory)
            #expect(checkpoint.workers.count == 2)
            #expect(checkpoint.workers[0].status == .running)
            #expect(checkpoint.counters.agentSteps > 57)
            if fault.kind.rawValue.hasPrefix("throws") {
                #expect(checkpoint.workers[1].status == .abandoned)
                #expect(checkpoint.workers[1].agentSteps >= FaultyEnvironment.stepsBefore)
            } else {
                // Its last snapshot, from a save before the fault.
                #expect(checkpoint.workers[1].status == .running)
                #expect(checkpoint.workers[1].agentSteps <= FaultyEnvironment.stepsBefore + 40)
            }
            // A resume does not reset with the faulty seed, so the fault does not recur.
            let trainer = try Trainer(resuming: checkpoint)
            #expect(
                trainer.notices.contains { $0.contains("worker 1 starts a new episode") }
                    == (checkpoint.workers[1].status == .abandoned))
            while trainer.counters.agentSteps < 450 { try trainer.advance(to: 450) }
            #expect(trainer.counters.agentSteps == 450)
        }
    }

    @Test(arguments: [
        (FaultyEnvironment.Fault.throwsAtStart, "injected fault"), (.blocksAtStart, "Worker 1 is stuck"),
        (.diesAtStart, "Worker 1 died"),
    ])
    func aFaultAtTheStartThrowsAndWritesNothing(fault: FaultyEnvironment.Fault, words: String) throws {
        try withRunDirectory { directory in
            let configuration = try configuration(fault)
            #expect { _ = try run(configuration, in: directory) } throws: { "\($0)".contains(words) }
            #expect(!directory.holdsRun)
        }
    }

    @Test(arguments: [
        (FaultyEnvironment.Fault.throwsInEvaluation, "The evaluation failed at agent step 200"),
        (.blocksInEvaluation, "The evaluation is stuck at agent step 200"),
    ])
    func aFaultInAnEvaluationEndsTheRunWithACheckpoint(fault: FaultyEnvironment.Fault, words: String) throws {
        try withRunDirectory { directory in
            let configuration = try configuration(fault)
            #expect { _ = try run(configuration, in: directory) } throws: { "\($0)".contains(words) }
            let checkpoint = try newest(directory)
            #expect(checkpoint.counters.agentSteps == 200)
            #expect(checkpoint.workers.allSatisfy { $0.status == .running })
            // The resumed run first does the work that the fault prevented.
            #expect(checkpoint.history.agentSteps.last != 200)
            let trainer = try Trainer(resuming: checkpoint, options: Trainer.Options(workerTimeout: .seconds(0.5)))
            #expect(trainer.isScheduledWorkDue)
            #expect { try trainer.advance(to: 200) } throws: { "\($0)".contains("The evaluation") }
        }
    }

    @Test func aResumeMakesAnInterruptedEvaluationAndEndsInTheSameState() throws {
        func play(_ interrupts: Bool) throws -> Checkpoint {
            var configuration = try configuration(.none, method: "async-nstep-q")
            configuration.workers = 1
            configuration.evaluationEpisodes = 200
            var trainer = try Trainer(configuration)
            while trainer.counters.agentSteps < 200 {
                // Interrupts during the evaluation: all steps have been claimed by then.
                try trainer.advance(to: 200) { interrupts && trainer.claimedAgentSteps == 200 }
            }
            if interrupts {
                #expect(trainer.isScheduledWorkDue)
                trainer = try Trainer(resuming: trainer.checkpoint())
                let report = try trainer.advance(to: 200)
                #expect(report.evaluation?.agentSteps == 200)
            }
            while trainer.counters.agentSteps < 260 { try trainer.advance(to: 260) }
            return try trainer.checkpoint()
        }
        let (whole, cut) = (try play(false), try play(true))
        #expect(whole.online == cut.online)
        #expect(whole.history.agentSteps == cut.history.agentSteps)
        // Compared as bits, because missing values are NaN.
        let bits = { (history: MetricHistory) in history.columns.mapValues { $0.map(\.bitPattern) } }
        #expect(bits(whole.history) == bits(cut.history))
        #expect(whole.counters == cut.counters)
    }

    @Test func aFaultAtTheLastStepEndsTheRun() throws {
        try withRunDirectory { directory in
            var configuration = try configuration(.blocksInStep)
            // At the end worker 0 has finished, and only worker 1 takes steps.
            configuration.workerSteps = FaultyEnvironment.stepsBefore + 1
            #expect { _ = try run(configuration, in: directory) } throws: { "\($0)".contains("Worker 1 is stuck") }
            let checkpoint = try newest(directory)
            #expect(checkpoint.workers[0].status == .finished)
        }
    }

    @Test func waitsForASlowWorker() throws {
        try withRunDirectory { directory in
            let outcome = try run(configuration(.isSlow), in: directory)
            #expect(outcome == .completed)
            let checkpoint = try newest(directory)
            #expect(checkpoint.counters.agentSteps == 400)
        }
    }

    @Test func anEnvironmentWithoutSnapshotsStartsANewEpisodeAtResume() throws {
        try withRunDirectory { directory in
            let outcome = try run(configuration(.hasNoSnapshot), in: directory)
            #expect(outcome == .completed)
            let trainer = try Trainer(resuming: newest(directory))
            #expect(trainer.notices.count == 2)
            while trainer.counters.agentSteps < 500 { try trainer.advance(to: 500) }
        }
    }

    @Test func aRunEndsWhenAllWorkersHaveFinished() throws {
        try withRunDirectory { directory in
            var configuration = try configuration(.none)
            configuration.workerSteps = 120
            let outcome = try run(configuration, in: directory)
            #expect(outcome == .completed)
            let checkpoint = try newest(directory)
            #expect(checkpoint.counters.agentSteps == 240)
            #expect(checkpoint.workers.allSatisfy { $0.status == .finished && $0.replay == nil })
            let trainer = try Trainer(resuming: checkpoint)
            #expect(trainer.allWorkersFinished)
        }
    }

    @Test func anInterruptionStopsEveryWorkerAtAStepBoundary() throws {
        var configuration = try configuration(.isSlow)
        configuration.logInterval = 400
        configuration.evaluationInterval = 0
        let trainer = try Trainer(configuration)
        var asked = 0
        let report = try trainer.advance(to: 400) {
            asked += 1
            return asked > 2
        }
        #expect((1..<400).contains(trainer.counters.agentSteps))
        #expect(report.metrics == nil)
        let checkpoint = try trainer.checkpoint()
        #expect(checkpoint.workers.reduce(0) { $0 + $1.agentSteps } == checkpoint.counters.agentSteps)
    }
}

/// Calls `body` with a new run directory, and removes it afterwards.
func withRunDirectory(_ body: (RunDirectory) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-run-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try body(RunDirectory(url))
}
