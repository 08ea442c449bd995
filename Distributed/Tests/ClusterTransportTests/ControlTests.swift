import ClusterTransport
@_spi(Distributed) import DQNDistributed
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Testing

/// Whole runs over gRPC, all roles in this process.
@Suite(.serialized) struct ControlTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("control-\(UUID().uuidString)")

    private var certificates: String { folder.appendingPathComponent("certificates").path }

    /// Calls `body`, which blocks, on a thread of its own.
    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: body()) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Runs a shard until its end.
    private func shard(_ chief: ClusterAddress, _ security: ClusterSecurity) async throws -> RoleEnding {
        let box = SessionBox()
        let server = ClusterServer.shard(.loopback, security: security) { box.makeSession() }
        let serving = Task { try await server.run() }
        defer { serving.cancel() }
        let role = ShardRole(name: "shard", address: "127.0.0.1:\(try await server.port)")
        box.set(role)
        let connection = ControlConnection(to: chief, security: security, startTime: 20)
        let control = Task { await connection.run(role.receiver) }
        let ending = await onThread { role.run(on: connection.channel) { _ in } }
        await control.value
        return ending
    }

    /// Runs a worker until its end.
    private func worker(
        _ chief: ClusterAddress, _ security: ClusterSecurity, workers: Int = 1
    ) async -> RoleEnding {
        var settings = WorkerRole.Settings(name: "worker")
        settings.workers = workers
        let role = WorkerRole(settings) { try ShardConnection.open($0, $1, security: security) }
        let connection = ControlConnection(to: chief, security: security, startTime: 20)
        let control = Task { await connection.run(role.receiver) }
        let ending = await onThread { role.run(on: connection.channel) { _ in } }
        await control.value
        return ending
    }

    private func configuration(workers: Int) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.method = "async-dqn"
        request.steps = 300
        request.assignments = [
            "network=mlp:24", "log_interval=100", "evaluation_interval=150", "evaluation_episodes=1", "batch_size=16",
            "learning_starts=20",
        ]
        request.flags["workers"] = .integer(Int64(workers))
        return try request.resolve()
    }

    /// Trains with two shards and worker processes with so many workers.
    ///
    /// - Returns: how the run has ended, and the members.
    private func train(_ processes: [Int], in directory: URL) async throws -> (TrainingRun.Outcome, [RoleEnding]) {
        let security = ClusterSecurity.certificates(directory: certificates)
        var settings = ChiefRole.Settings()
        settings.shards = 2
        let role = ChiefRole(settings, report: { _ in }) { try ShardConnection.open($0, $1, security: security) }
        let server = ClusterServer.chief(.loopback, security: security) { role.open($0) }
        let serving = Task { try await server.run() }
        defer { serving.cancel() }
        let chief = ClusterAddress(host: "127.0.0.1", port: try await server.port)
        let configuration = try configuration(workers: processes.reduce(0, +))
        return try await withThrowingTaskGroup(of: RoleEnding.self) { group in
            for _ in 0..<settings.shards { group.addTask { try await shard(chief, security) } }
            for workers in processes { group.addTask { await worker(chief, security, workers: workers) } }
            // Strangers are refused before anything is read, and change nothing.
            for stranger in [ClusterSecurity.plaintext, .certificates(directory: "\(certificates)-foreign")] {
                group.addTask { await worker(chief, stranger) }
            }
            let outcome = await onThread {
                Result {
                    let run = try TrainingRun(
                        configuration, options: .init(steps: 300, saveEvery: 100, keep: 100),
                        in: RunDirectory(directory), makeStore: role.makeStore)
                    let outcome = try run.run()
                    role.end(failure: nil)
                    return outcome
                }
            }
            var endings: [RoleEnding] = []
            for try await ending in group { endings.append(ending) }
            return (try outcome.get(), endings)
        }
    }

    @Test(.timeLimit(.minutes(3)), arguments: [[1], [1, 2]]) func aRunTakesItsSteps(processes: [Int]) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try ClusterCertificates.create(in: certificates)
        try ClusterCertificates.create(in: "\(certificates)-foreign")
        let there = folder.appendingPathComponent("there")
        let (outcome, endings) = try await train(processes, in: there)
        #expect(outcome == .completed)
        #expect(endings.filter { $0.code == 0 }.count == 2 + processes.count, "\(endings)")
        let refused = endings.filter { $0.code == 1 }
        #expect(refused.count == 2, "\(endings)")
        // Long before the time to start is over, which has another message.
        #expect(refused.allSatisfy { $0.message?.contains("it has other certificates") == true }, "\(endings)")
        let file = "checkpoints/step-000000000300.h5"
        let end = try Data(contentsOf: there.appendingPathComponent(file))
        guard processes == [1] else { return }
        // A run of one worker ends with the bytes of one process.
        let here = folder.appendingPathComponent("here")
        let run = try TrainingRun(
            configuration(workers: 1), options: .init(steps: 300, saveEvery: 100, keep: 100), in: RunDirectory(here))
        #expect(try run.run() == .completed)
        #expect(try Data(contentsOf: here.appendingPathComponent(file)) == end)
    }
}

/// The role of a shard whose port must be known first.
///
/// `@unchecked Sendable`: the role is used under the lock.
private final class SessionBox: @unchecked Sendable {
    private let lock = NSLock()
    private var role: ShardRole?

    func set(_ role: ShardRole) { lock.withLock { self.role = role } }

    func makeSession() -> any ExchangeSession { lock.withLock { role }?.makeSession() ?? Nothing() }

    private final class Nothing: ExchangeSession {
        func answer(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }
}
