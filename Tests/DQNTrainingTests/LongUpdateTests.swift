import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Logging
import Testing

/// Updates that take long are not stuck, can be cut short, and are completed exactly by a resume.
@Suite(.serialized) struct LongUpdateTests {
    init() { PausingEnvironment.registration }

    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private func configuration(_ method: String, _ settings: [String]) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = PausingEnvironment.id
        request.method = method
        request.steps = 48
        request.assignments =
            [
                "log_interval=8", "evaluation_interval=24", "evaluation_episodes=1",
                "probe_observations=0",
            ] + (settings.contains { $0.hasPrefix("network=") } ? [] : ["network=mlp:16,16"]) + settings
        return try request.resolve()
    }

    private static let replay = ["learning_starts=7", "replay_capacity=100", "batch_size=8"]

    /// Runs to the end and returns the checkpoints, with up to ten interruptions within updates.
    private func checkpoints(
        _ configuration: TrainingConfiguration, interrupts: Bool
    ) throws -> (contents: [Int: Data], cuts: Int) {
        var contents: [Int: Data] = [:]
        var cuts = 0
        try withRunDirectory { directory in
            var outcome = TrainingRun.Outcome.interrupted
            for attempt in 0... where outcome == .interrupted {
                // Released before the next one, as it locks the directory.
                let run =
                    try attempt == 0
                    ? TrainingRun(
                        configuration, options: .init(steps: 48, saveEvery: 16, keep: 100), in: directory,
                        logger: silent)
                    : TrainingRun(resuming: directory, logger: silent)
                outcome = try self.run(run, interrupts: interrupts && attempt < 10)
                if run.trainer.hasOpenUpdate {
                    cuts += 1
                    #expect(outcome == .interrupted)
                }
                if outcome != .interrupted { break }
            }
            for step in [16, 32, 48] {
                let url = directory.checkpoints.appending(path: String(format: "step-%012d.h5", step))
                contents[step] = try Data(contentsOf: url)
            }
        }
        return (contents, cuts)
    }

    /// Runs until an interruption at an eighth step, where the environment pauses, or shortly after a resume.
    private func run(_ run: TrainingRun, interrupts: Bool) throws -> TrainingRun.Outcome {
        run.trainer.updatePatience = 0
        let (start, isOpen) = (run.trainer.counters.agentSteps, run.trainer.hasOpenUpdate)
        var calls = 0
        return try run.run {
            calls += 1
            let step = run.trainer.claimedAgentSteps
            return interrupts && calls > 1 && step % 8 == 0 && (step > start || isOpen)
        }
    }

    @Test(
        "A run that is interrupted within its updates ends in the same files",
        arguments: [
            ("dqn", replay + ["train_interval=8", "gradient_steps=600"]),
            (
                "dqn",
                replay + ["train_interval=8", "gradient_steps=300", "prioritized=true", "n_step=3", "double=true"]
            ),
            ("dqn", replay + ["gradient_steps=60", "environments_per_worker=4", "train_interval=1"]),
            ("async-dqn", replay + ["train_interval=8", "gradient_steps=300", "munchausen=true"]),
            ("pqn", ["environments_per_worker=4", "segment_length=2", "minibatches=2", "epochs=200"]),
            ("pqn", ["environments_per_worker=1", "segment_length=8", "minibatches=4", "epochs=100"]),
            ("a3c", ["environments_per_worker=2", "segment_length=4"]),
            ("async-nstep-q", ["segment_length=8", "munchausen=true"]),
            ("async-sarsa", ["segment_length=8"]), ("a3c", ["segment_length=8"]),
        ])
    func exactness(method: String, settings: [String]) throws {
        let configuration = try configuration(method, settings)
        let whole = try checkpoints(configuration, interrupts: false)
        let cut = try checkpoints(configuration, interrupts: true)
        #expect(whole.cuts == 0)
        #expect(cut.cuts > 0)
        for (step, content) in whole.contents { #expect(cut.contents[step] == content, "\(step)") }
    }

    @Test(
        "An update that takes longer than the time limit of a step is not stuck, and an interruption ends it",
        arguments: [
            ("dqn", replay + ["train_interval=8", "gradient_steps=1000000"]),
            ("async-dqn", replay + ["train_interval=8", "gradient_steps=1000000", "workers=2"]),
            (
                "pqn",
                [
                    "environments_per_worker=4", "segment_length=2", "minibatches=8", "epochs=1000",
                    "network=mlp:1024,1024",
                ]
            ),
        ])
    func slowIsNotStuck(method: String, settings: [String]) throws {
        let trainer = try Trainer(configuration(method, settings), options: .init(workerTimeout: .seconds(0.5)))
        var start = ContinuousClock.now
        // Beside other tests, two workers may need longer than this to come to their first update.
        for _ in 0..<10 where !trainer.hasOpenUpdate {
            start = .now
            try trainer.advance(to: 48) { ContinuousClock.now - start > .seconds(1.5) }
        }
        #expect(trainer.hasOpenUpdate)
        #expect(trainer.failure == nil)
        let steps = trainer.counters.agentSteps
        // Far from the minutes that the update would take.
        #expect(ContinuousClock.now - start < .seconds(30))
        let resumed = try Trainer(resuming: trainer.checkpoint())
        #expect(resumed.hasOpenUpdate && !resumed.isScheduledWorkDue)
        #expect(resumed.counters.agentSteps == steps)
    }
}

/// An environment that pauses at every eighth step, so that an interruption finds it there.
private struct PausingEnvironment: Environment {
    static let id = "Pausing-v0"
    /// Registered once in the process.
    static let registration: Void = {
        try? EnvironmentRegistry.register(id) { PausingEnvironment() }
    }()

    /// For the pauses alone: an evaluation's environment is not stored, and must not depend on earlier episodes.
    private var steps = 0
    private var length = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id, observationSpace: ObservationSpace(shape: [3], element: .float32),
            actionMeanings: ["left", "right"])
    }

    mutating func reset(seed: UInt64?) { length = 0 }

    mutating func step(_ action: Int) -> StepOutcome {
        steps += 1
        length += 1
        if steps % 8 == 0 { Thread.sleep(forTimeInterval: 0.06) }
        return StepOutcome(reward: Double((length * 7 + action) % 5), terminated: length == 9, truncated: false)
    }

    func observe(into observation: inout Observation) {
        let values = [Float(length) / 9, Float(length % 3), Float(length % 5) / 5]
        observation.withMutableFloats { floats in
            for (index, value) in values.enumerated() { floats[index] = value }
        }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(kind: Self.id, version: 1, values: ["counts": .int64([Int64(steps), Int64(length)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        let counts = try snapshot.int64("counts", count: 2)
        (steps, length) = (Int(counts[0]), Int(counts[1]))
    }

    func renderANSI() -> String { "\(length)" }
}
