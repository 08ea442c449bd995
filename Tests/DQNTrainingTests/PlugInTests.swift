import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Logging
import Testing

/// A plug-in's training method: its registration, defaults, validation and stored state.
@Suite struct PlugInTests {
    init() { CountingMethod.registration }

    private func request(_ assignments: String...) -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.environment = "Catch-v0"
        request.method = "counting"
        request.steps = 1_000
        request.assignments = ["evaluation_interval=0", "log_interval=50"] + assignments
        return request
    }

    /// A checkpoint after 100 steps over all workers, each of which counts from the option `first`.
    private func checkpoint(workers: Int, _ assignments: String...) throws -> Checkpoint {
        var request = request("workers=\(workers)")
        request.assignments += assignments
        let trainer = try Trainer(request.resolve())
        while trainer.counters.agentSteps < 100 { try trainer.advance(to: 100) }
        return try trainer.checkpoint()
    }

    /// The counts in a checkpoint, by worker.
    private func counts(_ checkpoint: Checkpoint) throws -> [Int: Int] {
        let groups = checkpoint.extensions.filter { $0.owner == CountingMethod.owner }
        try #require(groups.count == 1)
        #expect(groups[0].state.kind == "counting")
        #expect(!groups[0].mustUnderstand)
        var counts: [Int: Int] = [:]
        for worker in checkpoint.workers.indices where groups[0].state.values["worker-\(worker).count"] != nil {
            counts[worker] = Int(try groups[0].state.int64("worker-\(worker).count", count: 1)[0])
        }
        return counts
    }

    // MARK: Registering

    @Test(arguments: [
        (CountingMethod(name: "dqn"), "name 'dqn' is taken"),
        (CountingMethod(), "name 'counting' is taken"),
        (CountingMethod(name: "ownerless", extensionOwner: nil), "'ownerless' has no extensionOwner"),
        (CountingMethod(name: "slashed", extensionOwner: "org/example"), "use letters, digits, '_', '-' and '.'"),
        (CountingMethod(name: "flat", extensionOwner: "example"), "is not in reverse-domain form"),
    ])
    func refusesAMethodWithoutAUniqueNameOrAnOwner(method: CountingMethod, words: String) {
        #expect {
            try TrainingMethods.register(method)
        } throws: {
            ($0 as? TrainingError)?.code == .invalidConfiguration && "\($0)".contains(words)
        }
        if method.name != "dqn", method.name != "counting" { #expect(!TrainingMethods.names.contains(method.name)) }
    }

    // MARK: Options

    @Test func assignmentsOverrideTheMethodsDefaults() throws {
        let plain = try request().resolve()
        #expect(plain.methodOptions == ["first": .integer(0)])
        #expect(plain.network == "mlp:4")
        let set = try request("network=mlp:8", #"method_options={"first":7}"#).resolve()
        #expect(set.methodOptions == ["first": .integer(7)])
        #expect(set.network == "mlp:8")
        #expect(try TrainingConfiguration(json: set.json) == set)
    }

    @Test(arguments: [#"{}"#, #"{"first":"one"}"#, #"{"first":1,"second":2}"#])
    func aMethodValidatesItsOptions(options: String) {
        #expect {
            _ = try request("method_options=\(options)").resolve()
        } throws: {
            ($0 as? TrainingError)?.code == .invalidConfiguration && "\($0)".contains("needs 'first', a whole number")
        }
    }

    @Test func theBuiltInMethodsHaveNoOptions() {
        var request = request(#"method_options={"first":1}"#)
        request.method = "async-q"
        #expect { _ = try request.resolve() } throws: { "\($0)".contains("leave 'method_options' empty") }
    }

    // MARK: State

    @Test func storesAndRestoresTheStateOfTwoWorkersInTheOwnersGroup() throws {
        let first = try checkpoint(workers: 2, #"method_options={"first":1000}"#)
        #expect(first.workers.allSatisfy { $0.learner == nil })
        for (worker, count) in try counts(first) { #expect(count == 1_000 + first.workers[worker].agentSteps) }
        #expect(try counts(first).count == 2)

        let file = FileManager.default.temporaryDirectory.appendingPathComponent("plug-in-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: file) }
        try first.write(to: file)
        #expect(Verifier.verify(file).failure == nil)

        let trainer = try Trainer(resuming: Checkpoint(contentsOf: file))
        #expect(try counts(trainer.checkpoint()) == counts(first))
        while trainer.counters.agentSteps < 150 { try trainer.advance(to: 150) }
        let second = try trainer.checkpoint()
        for (worker, count) in try counts(second) { #expect(count == 1_000 + second.workers[worker].agentSteps) }
        #expect(try counts(second).values.reduce(0, +) == 2_150)
    }

    @Test func storesAWorkersOwnOptimiserInTheGroup() throws {
        let first = try checkpoint(workers: 2, "shared_statistics=false", "optimizer=adam")
        #expect(try TrainingConfiguration(json: first.configuration).optimizer == .adam())
        let group = try #require(first.extensions.first)
        for worker in 0..<2 {
            let steps = try group.state.int64("worker-\(worker).optimizer_steps", count: 1)[0]
            #expect(Int(steps) == first.workers[worker].agentSteps)
            _ = try group.state.float32("worker-\(worker).optimizer.first_moment", count: first.online.count)
        }
        let again = try Trainer(resuming: first).checkpoint()
        #expect(again.extensions == first.extensions)
    }

    @Test func aDrawnEpsilonStaysWithItsWorker() throws {
        let first = try checkpoint(workers: 2, "epsilon_assignment=drawn")
        let drawn = first.workers.map(\.finalEpsilon)
        #expect(drawn.allSatisfy { $0.map([0.1, 0.01, 0.5].contains) ?? false })
        #expect(try Trainer(resuming: first).checkpoint().workers.map(\.finalEpsilon) == drawn)
    }

    @Test func anInactiveWorkerKeepsItsStateAndANewOneStartsWithoutAny() throws {
        let first = try checkpoint(workers: 2)
        let before = try counts(first)
        let fewer = try Trainer(resuming: first, workers: 1)
        while fewer.counters.agentSteps < 130 { try fewer.advance(to: 130) }
        let second = try fewer.checkpoint()
        #expect(try counts(second) == [0: try #require(before[0]) + 30, 1: try #require(before[1])])
        let more = try Trainer(resuming: second, workers: 3).checkpoint()
        #expect(try counts(more)[1] == before[1])
        #expect(try counts(more)[2] == 0)
    }

    @Test func laterCheckpointsKeepGroupsOfOtherOwners() throws {
        var first = try checkpoint(workers: 1)
        let notes = ExtensionGroup(
            owner: "org.example.notes", mustUnderstand: false,
            state: StateSnapshot(kind: "notes", version: 1, values: ["seen": .uint8([1, 2])]))
        first.extensions.append(notes)
        let trainer = try Trainer(resuming: first)
        try trainer.advance(to: 120)
        let second = try trainer.checkpoint()
        #expect(second.extensions.contains(notes))
        #expect(second.extensions.count == 2)
    }

    @Test(arguments: ["worker-7.count", "worker-x.count", "worker-0", "count"])
    func refusesAGroupThatNamesAnUnknownWorker(name: String) throws {
        var first = try checkpoint(workers: 1)
        let index = try #require(first.extensions.indices.first)
        first.extensions[index].state.values[name] = .int64([1])
        #expect {
            _ = try Trainer(resuming: first)
        } throws: {
            ($0 as? TrainingError)?.code == .cannotResume && "\($0)".contains("'\(name)'")
        }
    }

    @Test func refusesArraysOfAnotherVersion() throws {
        var first = try checkpoint(workers: 1)
        first.extensions[0].state.version = 2
        #expect {
            _ = try Trainer(resuming: first)
        } throws: {
            "\($0)".contains("A snapshot of counting version 2 cannot restore counting version 1")
        }
    }

    // MARK: Programs without the plug-in

    @Test func namesAMissingMethodOrEnvironment() throws {
        let whole = try checkpoint(workers: 1)
        func changed(_ key: String, _ value: String) -> Checkpoint {
            var checkpoint = whole
            guard case .object(var members) = checkpoint.configuration else { return checkpoint }
            members[key] = .string(value)
            checkpoint.configuration = .object(members)
            if key == "method" { checkpoint.extensions[0].state.kind = value }
            return checkpoint
        }
        for (key, name, words) in [
            ("method", "counting-2", "needs the method 'counting-2' of org.example.counting, which"),
            ("environment", "Maze-v0", "needs the environment 'Maze-v0', which"),
        ] {
            #expect {
                _ = try Trainer(resuming: changed(key, name))
            } throws: {
                ($0 as? TrainingError)?.code == .cannotResume && "\($0)".contains(words)
                    && "\($0)".contains("resume it with the program that registers")
            }
        }
    }

    // MARK: Metrics

    @Test func metricsOfTheMethodAreColumnsOfTheMetricsFile() throws {
        try withRunDirectory { directory in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            func table() throws -> [[String]] {
                try String(contentsOf: directory.metrics, encoding: .utf8).split(separator: "\n")
                    .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            }
            let options = TrainingRun.Options(steps: 100, saveEvery: 0, keep: 1)
            func run() throws -> TrainingRun.Outcome {
                try TrainingRun(request().resolve(), options: options, in: directory, logger: logger).run()
            }
            #expect(try run() == .completed)
            let first = try table()
            #expect(first[0].last == "train/counted")
            // Means of 1…50 and of 51…100.
            #expect(first.dropFirst().map(\.last) == ["25.5", "75.5"])
            #expect(try TrainingRun(resuming: directory, steps: 150, logger: logger).run() == .completed)
            let second = try table()
            #expect(Array(second.prefix(3)) == first)
            #expect(second.last?.last == "125.5")
        }
    }
}
