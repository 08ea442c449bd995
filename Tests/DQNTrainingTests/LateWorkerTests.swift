import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Synchronization
import Testing

/// A worker that timed out and responds later must not change state that the trainer uses.
@Suite(.serialized) struct LateWorkerTests {
    init() { LateEnvironment.registration }

    private func trainer(workerSteps: Int = 0) throws -> Trainer {
        var request = ConfigurationRequest()
        request.environment = LateEnvironment.id
        request.method = "async-dqn"
        request.steps = 1_000
        request.assignments = [
            "workers=2", "worker_steps=\(workerSteps)", "network=mlp:8", "learning_starts=20", "batch_size=4",
            "log_interval=1000", "evaluation_interval=0", "replay_capacity=200",
        ]
        return try Trainer(request.resolve(), options: Trainer.Options(workerTimeout: .seconds(0.5)))
    }

    /// Opens the gate and gives the worker behind it time to finish its job.
    private func releaseWorker() {
        LateEnvironment.gate.store(true, ordering: .releasing)
        Thread.sleep(forTimeInterval: 0.3)
    }

    /// A text that differs between two states of a worker.
    private func summary(_ checkpoint: Checkpoint, _ index: Int) -> String {
        let worker = checkpoint.workers[index]
        return "\(worker.status) \(worker.agentSteps) \(worker.environment.map { "\($0.values)" } ?? "none")"
    }

    @Test func ignoresASnapshotThatComesTooLate() throws {
        LateEnvironment.close(.snapshot)
        let trainer = try trainer()
        try trainer.advance(to: 100)
        let before = try trainer.checkpoint()
        #expect(trainer.failure == nil)
        try trainer.advance(to: 200)
        LateEnvironment.arm()
        let given = try trainer.checkpoint()
        #expect(trainer.failure?.message.contains("is stuck at agent step 200") == true)
        let stuck = trainer.failure?.message.hasPrefix("Worker 0") == true ? 0 : 1
        #expect(summary(given, stuck) == summary(before, stuck))
        releaseWorker()
        // The worker has made its snapshot by now; it must not be saved.
        #expect(summary(try trainer.checkpoint(), stuck) == summary(before, stuck))
    }

    @Test func doesNotCountAWorkerThatFinishesTooLate() throws {
        LateEnvironment.close(.step)
        // Both workers take 100 steps; one of them blocks in its last.
        let trainer = try trainer(workerSteps: 100)
        LateEnvironment.arm(afterSteps: 99)
        let error = #expect(throws: TrainingError.self) { try trainer.advance(to: 200) }
        #expect(error?.message.contains("is stuck") == true)
        let given = try trainer.checkpoint()
        let stuck = try #require(given.workers.firstIndex { $0.status != .finished })
        releaseWorker()
        let later = try trainer.checkpoint()
        #expect(summary(later, stuck) == summary(given, stuck))
        #expect(later.counters == given.counters)
    }
}

/// An endless walk; once armed, the first environment that reaches the gate waits there.
private struct LateEnvironment: Environment {
    enum Place: Int { case step, snapshot }

    static let id = "Late-v0"
    static let gate = Atomic<Bool>(true)
    private static let place = Atomic<Int>(0)
    private static let isArmed = Atomic<Bool>(false)
    private static let stepsBefore = Atomic<Int>(0)

    static let registration: Void = {
        // The id is unique to this type, so registration cannot fail.
        try? EnvironmentRegistry.register(id) { LateEnvironment() }
    }()

    static func close(_ place: Place) {
        gate.store(false, ordering: .releasing)
        self.place.store(place.rawValue, ordering: .releasing)
        isArmed.store(false, ordering: .releasing)
    }

    static func arm(afterSteps steps: Int = 0) {
        stepsBefore.store(steps, ordering: .releasing)
        isArmed.store(true, ordering: .releasing)
    }

    private static func pass(_ place: Place, after steps: Int) {
        guard self.place.load(ordering: .acquiring) == place.rawValue, steps >= stepsBefore.load(ordering: .acquiring),
            isArmed.exchange(false, ordering: .acquiringAndReleasing)
        else { return }
        while !gate.load(ordering: .acquiring) { usleep(1_000) }
    }

    private var steps = 0

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id, observationSpace: ObservationSpace(shape: [1], element: .float32),
            actionMeanings: ["left", "right"])
    }

    mutating func reset(seed: UInt64?) {}

    mutating func step(_ action: Int) -> StepOutcome {
        Self.pass(.step, after: steps)
        steps += 1
        return StepOutcome(reward: Double(action), terminated: false, truncated: steps % 10 == 0)
    }

    func observe(into observation: inout Observation) { observation.withMutableFloats { $0[0] = Float(steps % 10) } }

    func snapshot() -> StateSnapshot? {
        Self.pass(.snapshot, after: 0)
        return StateSnapshot(kind: Self.id, version: 1, values: ["steps": .int64([Int64(steps)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        steps = Int(try snapshot.int64("steps", count: 1)[0])
    }

    func renderANSI() -> String { "\(steps)" }
}
