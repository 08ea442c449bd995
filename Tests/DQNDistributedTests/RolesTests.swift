import DQNCheckpoint
@_spi(Distributed) import DQNDistributed
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Synchronization
import Testing

/// Whole runs of chief, shards and workers, without a network.
@Suite(.serialized) struct RolesTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("roles-\(UUID().uuidString)")

    private func training(_ method: String = "async-dqn", workers: Int, steps: Int, _ name: String) -> Plan {
        var plan = Plan(directory: folder.appendingPathComponent(name))
        plan.method = method
        plan.workers = workers
        plan.steps = steps
        plan.scheduleSteps = steps <= 200 ? 200 : 20_000
        plan.assignments = Self.assignments(method)
        return plan
    }

    private static func assignments(_ method: String) -> [String] {
        let replay = method == "async-dqn" ? ["batch_size=16", "learning_starts=20"] : []
        let target = method == "a3c" ? [] : ["target_interval=50"]
        return ["network=mlp:24", "log_interval=40", "evaluation_interval=100", "evaluation_episodes=2"] + replay
            + target
    }

    private func settings(shards: Int, patience: Double = 5) -> ChiefRole.Settings {
        var settings = ChiefRole.Settings()
        settings.shards = shards
        settings.patience = .seconds(patience)
        settings.startTimeout = .seconds(50)
        return settings
    }

    private func train(
        _ training: Plan, _ settings: ChiefRole.Settings, workers: [String: Int]
    ) -> (ChiefRole.End, LocalCluster) {
        let cluster = LocalCluster(settings, workers: workers)
        return (cluster.chief.train(training), cluster)
    }

    /// The files of a run's checkpoints, by name.
    private func checkpoints(_ name: String) throws -> [String: Data] {
        let directory = folder.appendingPathComponent(name).appendingPathComponent("checkpoints")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".h5") }
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: directory.appendingPathComponent($0))) })
    }

    private func newest(_ name: String) throws -> Checkpoint {
        let directory = folder.appendingPathComponent(name).appendingPathComponent("checkpoints")
        let file = try #require(try checkpoints(name).keys.filter { $0.hasPrefix("step") }.max() ?? nil)
        return try Checkpoint(contentsOf: directory.appendingPathComponent(file))
    }

    /// A run of one worker has the same files as in one process: at every save, with evaluations and rows of metrics; and
    /// so has one that was resumed with another number of shards.
    @Test(.timeLimit(.minutes(2)), arguments: [("async-dqn", 1), ("async-dqn", 3), ("a3c", 2)])
    func oneWorkerWritesTheSameFiles(method: String, shards: Int) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try training(method, workers: 1, steps: 200, "here").makeRun().run() == .completed)
        let (ending, cluster) = train(
            training(method, workers: 1, steps: 130, "there"), settings(shards: shards), workers: ["a": 1])
        #expect(ending.code == 0, "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 20))
        var resumed = Plan(directory: folder.appendingPathComponent("there"))
        resumed.resumes = true
        resumed.steps = 200
        let (second, other) = train(resumed, settings(shards: 4 - shards), workers: ["b": 1])
        #expect(second.code == 0, "\(second) \(other.lines)")
        #expect(other.join(within: 20) && other.endings.values.allSatisfy { $0.code == 0 }, "\(other.endings)")
        let (here, there) = (try checkpoints("here"), try checkpoints("there"))
        for name in here.keys.sorted() { #expect(here[name] == there[name], "\(name) of \(there.keys.sorted())") }
    }

    /// Threads that share the computation of a worker also share its norms, whose last bits depend on their number.
    @Test(.timeLimit(.minutes(2))) func oneWorkerWithSeveralThreadsWritesTheSameFiles() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        func training(_ name: String) -> Plan {
            var plan = self.training(workers: 1, steps: 40, name)
            plan.assignments += ["network=mlp:512,512", "compute_threads=2", "evaluation_interval=0"]
            return plan
        }
        #expect(try training("here").makeRun().run() == .completed)
        let (ending, cluster) = train(training("there"), settings(shards: 2), workers: ["a": 1])
        #expect(ending.code == 0, "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 20))
        #expect(try checkpoints("here") == checkpoints("there"))
        #expect(try newest("here").counters.gradientUpdates > 0)
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["async-dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c"])
    func severalWorkersTakeExactlyTheirSteps(method: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (ending, cluster) = train(
            training(method, workers: 3, steps: 400, "run"), settings(shards: 2), workers: ["a": 2, "b": 1])
        #expect(
            ending.code == 0 && ending.message == "400 steps", "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 20))
        #expect(cluster.endings.count == 4 && cluster.endings.values.allSatisfy { $0.code == 0 }, "\(cluster.endings)")
        let checkpoint = try newest("run")
        #expect(checkpoint.counters.agentSteps == 400 && checkpoint.workers.count == 3)
        #expect(checkpoint.workers.reduce(0) { $0 + $1.agentSteps } == 400)
        #expect(checkpoint.counters.gradientUpdates > 0 && checkpoint.history.agentSteps.last == 400)
        // One process continues it.
        let run = try TrainingRun(resuming: RunDirectory(folder.appendingPathComponent("run")), steps: 450)
        #expect(try run.run() == .completed)
    }

    /// Replays travel for files alone: an evaluation whose state is not saved fetches none.
    @Test(.timeLimit(.minutes(2))) func statesAreFetchedOnceForEachFile() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var training = training(workers: 3, steps: 400, "run")
        training.assignments += ["evaluation_interval=20", "log_interval=20"]
        training.saveEvery = 0
        let (ending, cluster) = train(training, settings(shards: 2), workers: ["a": 2, "b": 1])
        #expect(ending.code == 0, "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 20))
        let files = try checkpoints("run").count
        #expect(files < 20 && cluster.sentStates(of: "a") == 2 * files && cluster.sentStates(of: "b") == files)
        let checkpoint = try newest("run")
        #expect(checkpoint.counters.evaluations == 20 && checkpoint.workers.reduce(0) { $0 + $1.agentSteps } == 400)
        #expect(checkpoint.workers.allSatisfy { $0.status == .running && $0.replay != nil })
    }

    /// Trains while something happens once, when some steps have been taken.
    private func train(
        _ training: Plan, _ settings: ChiefRole.Settings, workers: [String: Int], at step: Int,
        _ event: @escaping (LocalCluster) -> Void
    ) -> (ChiefRole.End, LocalCluster) {
        let cluster = LocalCluster(settings, workers: workers)
        var isDue = true
        let ending = cluster.chief.train(training) {
            false
        } onProgress: { steps in
            guard isDue, steps >= step else { return }
            isDue = false
            event(cluster)
        }
        #expect(!isDue, "the run has ended before step \(step)")
        return (ending, cluster)
    }

    private func longTraining(_ name: String) -> Plan {
        var training = training(workers: 3, steps: 4_000, name)
        training.assignments = [
            "network=mlp:24", "log_interval=500", "evaluation_interval=0", "batch_size=16", "learning_starts=20",
        ]
        training.saveEvery = 1_000
        return training
    }

    @Test(.timeLimit(.minutes(2)), arguments: [false, true])
    func aWorkerIsLostAndTheRunEndsWithItsSteps(isSilent: Bool) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (ending, cluster) = train(
            longTraining("run"), settings(shards: 2, patience: 2), workers: ["a": 1, "b": 1, "c": 1], at: 1_200
        ) { if isSilent { $0.stop("b") } else { $0.kill("b") } }
        #expect(ending.code == 0, "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 20))
        #expect(cluster.endings["b"]?.code == 1 && cluster.endings["a"]?.code == 0, "\(cluster.endings)")
        let losses = cluster.lines.filter { $0.contains("is lost") }
        #expect(losses.count == 1 && losses[0].contains(" (b) is lost"), "\(cluster.lines)")
        // Whoever joins first is worker 0.
        let lost = try #require(losses.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        let checkpoint = try newest("run")
        #expect(checkpoint.counters.agentSteps == 4_000 && checkpoint.workers.count == 3)
        // It contributes the state of an earlier save, of which it was lost at once or later.
        #expect(checkpoint.workers[lost].agentSteps > 0)
        #expect(checkpoint.workers.reduce(0) { $0 + $1.agentSteps } <= 4_000)
    }

    @Test(.timeLimit(.minutes(2))) func aWorkerJoinsARunningJobInTheLostOnesPlace() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var training = longTraining("run")
        training.steps = 8_000
        let (ending, cluster) = train(
            training, settings(shards: 1), workers: ["a": 1, "b": 1, "c": 1], at: 1_200
        ) {
            $0.kill("a")
            Thread.sleep(forTimeInterval: 0.3)
            $0.join("d", workers: 2)
        }
        #expect(ending.code == 0, "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 20))
        let lost = try #require(cluster.lines.first { $0.contains(" (a) is lost") })
        let index = try #require(lost.split(separator: " ").dropFirst().first)
        #expect(cluster.lines.contains("ready worker \(index) 3"), "\(cluster.lines)")
        let checkpoint = try newest("run")
        #expect(checkpoint.counters.agentSteps == 8_000 && checkpoint.workers.count == 4)
        #expect(checkpoint.workers[3].agentSteps > 0)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [false, true])
    func aLostShardEndsEverything(isSilent: Bool) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let start = ContinuousClock.now
        var training = longTraining("run")
        // However fast: the run must not be complete before a silent shard is noticed.
        training.steps = 10_000_000
        training.scheduleSteps = 10_000_000
        let (ending, cluster) = train(
            training, settings(shards: 2, patience: 2), workers: ["a": 1, "b": 2], at: 1_200
        ) { if isSilent { $0.stop("shard 1") } else { $0.kill("shard 1") } }
        #expect(ending.code == 1, "\(ending) \(cluster.lines)")
        #expect(ending.message.contains(" (host 1) is lost"), "\(ending)")
        #expect(cluster.join(within: 10))
        #expect(cluster.endings.values.allSatisfy { $0.code == 1 }, "\(cluster.endings)")
        #expect(ContinuousClock.now - start < .seconds(60))
        // From the exact state of the checkpoint.
        let steps = try newest("run").counters.agentSteps
        #expect(steps >= 1_000)
        let run = try TrainingRun(resuming: RunDirectory(folder.appendingPathComponent("run")), steps: steps + 100)
        #expect(try run.run() == .completed)
    }

    @Test(.timeLimit(.minutes(2))) func aRunWithoutWorkersIsSavedAndFails() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (ending, cluster) = train(
            longTraining("run"), settings(shards: 1, patience: 2), workers: ["a": 3], at: 1_200
        ) { $0.kill("a") }
        #expect(ending.code == 1 && ending.message.contains("All workers are lost"), "\(ending)")
        #expect(cluster.join(within: 10))
        #expect(try newest("run").counters.agentSteps >= 1_200)
    }

    @Test(.timeLimit(.minutes(2))) func anInterruptedRunIsSavedAtAStepBoundary() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let cluster = LocalCluster(settings(shards: 2), workers: ["a": 1, "b": 2])
        let isInterrupted = Atomic<Bool>(false)
        let ending = cluster.chief.train(longTraining("run")) {
            isInterrupted.load(ordering: .relaxed)
        } onProgress: { steps in
            if steps >= 1_200 { isInterrupted.store(true, ordering: .relaxed) }
        }
        #expect(ending.code == 130, "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 10) && cluster.endings.values.allSatisfy { $0.code == 0 })
        let checkpoint = try newest("run")
        #expect(checkpoint.counters.agentSteps >= 1_200 && checkpoint.counters.agentSteps < 4_000)
        #expect(checkpoint.workers.reduce(0) { $0 + $1.agentSteps } == checkpoint.counters.agentSteps)
    }

    @Test(.timeLimit(.minutes(2))) func aRunOfOneWorkerAdmitsNoOther() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (ending, cluster) = train(
            training(workers: 1, steps: 100, "run"), settings(shards: 1), workers: ["a": 1, "b": 1])
        #expect(ending.code == 0, "\(ending) \(cluster.lines)")
        #expect(cluster.join(within: 10))
        let refused = cluster.endings.values.filter { $0.code == 1 }
        #expect(refused.count == 1 && refused[0].message?.contains("admits no other") ?? false, "\(cluster.endings)")
    }

    @Test(.timeLimit(.minutes(1))) func whatDoesNotSuitSeveralProcessesIsRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var dqn = training("dqn", workers: 1, steps: 100, "dqn")
        dqn.assignments = []
        var half = settings(shards: 1)
        half.usesHalf = true
        for (training, settings, words) in [
            (dqn, settings(shards: 1), "async-dqn"), (training(workers: 1, steps: 100, "half"), half, "only worker"),
            (training(workers: 2, steps: 100, "many"), settings(shards: 20), "20 shards"),
        ] {
            let (ending, cluster) = train(training, settings, workers: [:])
            #expect(ending.code == 64 && ending.message.contains(words), "\(ending)")
            #expect(cluster.join(within: 20))
        }
    }

    @Test(.timeLimit(.minutes(1))) func missingProcessesAreNamed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var settings = settings(shards: 1)
        settings.startTimeout = .seconds(4)
        let (ending, cluster) = train(training(workers: 2, steps: 100, "run"), settings, workers: ["a": 1])
        #expect(ending.code == 1 && ending.message.contains("1 of 2 workers"), "\(ending)")
        #expect(cluster.join(within: 10))
    }
}
