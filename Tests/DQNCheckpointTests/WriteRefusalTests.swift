import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests that states which cannot be stored are refused before anything is written.
struct WriteRefusalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Returns the error of writing a changed sample; no file may remain.
    private func refusal(_ change: (inout Checkpoint) throws -> Void) throws -> CheckpointError? {
        var checkpoint = try Samples.whole()
        try change(&checkpoint)
        do throws(CheckpointError) {
            try checkpoint.write(to: folder.file("refused.h5"))
            return nil
        } catch {
            #expect(folder.names == [])
            return error
        }
    }

    @Test func refusesNumbersThatAreNotFinite() throws {
        for bad in [Float.nan, .infinity, -.infinity, .signalingNaN] {
            let online = try refusal { $0.online[21] = bad }
            #expect(online?.code == .invalidState)
            #expect(
                online?.message.contains("parameters/online/layers/0/bias") == true, "\(String(describing: online))")
            #expect(try refusal { $0.target?[0] = bad }?.message.contains("parameters/target/layers/0/weight") == true)
            #expect(
                try refusal { $0.optimizer?.slots["first_moment"]?[0] = bad }?.message.contains("first_moment") == true)
        }
        #expect(try refusal { $0.statistics["x"] = .nan }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].episodeReturn = .infinity }?.code == .invalidState)
        #expect(try refusal { $0.evaluation?.meanReturn = .nan }?.code == .invalidState)
        #expect(try refusal { $0.optimizer?.hyperparameters["x"] = .nan }?.code == .invalidState)
    }

    @Test func refusesWrongLengths() throws {
        #expect(try refusal { $0.online.removeLast() }?.code == .invalidState)
        #expect(try refusal { $0.target?.append(0) }?.code == .invalidState)
        #expect(try refusal { $0.optimizer?.slots["x"] = [] }?.code == .invalidState)
        #expect(try refusal { $0.history.columns["rollout/ep_rew_mean"]?.removeLast() }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].observation = Observation([1, 2]) }?.code == .invalidState)
        #expect(try refusal { $0.configuration = .array([]) }?.code == .invalidState)
    }

    @Test func refusesInvalidNames() throws {
        for name in ["", "a/b", "..", "a b", "ä", ".hidden", String(repeating: "x", count: 200)] {
            #expect(try refusal { $0.optimizer?.slots[name] = $0.online }?.code == .invalidState, "'\(name)'")
            #expect(try refusal { $0.extensions[0].owner = name }?.code == .invalidState, "'\(name)'")
            #expect(try refusal { $0.workers[0].environment?.values[name] = .int64([]) }?.code == .invalidState)
            #expect(try refusal { $0.workers[0].generators[name] = RandomGenerator(seed: 1) }?.code == .invalidState)
        }
        #expect(try refusal { $0.history.columns["a//b"] = [0, 0] }?.code == .invalidState)
        #expect(try refusal { $0.history.columns["/a"] = [0, 0] }?.code == .invalidState)
    }

    @Test func refusesCollidingNames() throws {
        #expect(try refusal { $0.extensions.append($0.extensions[0]) }?.code == .invalidState)
        #expect(try refusal { $0.history.columns["train"] = [0, 0] }?.code == .invalidState)
    }

    @Test func refusesInvalidCountersAndEvaluations() throws {
        #expect(try refusal { $0.counters.agentSteps = -1 }?.code == .invalidState)
        #expect(try refusal { $0.counters.episodes = -1 }?.code == .invalidState)
        #expect(try refusal { $0.bestEvaluation?.episodes = 0 }?.code == .invalidState)
        #expect(try refusal { $0.stripped = ["everything"] }?.code == .invalidState)
        #expect(try refusal { $0.history.agentSteps = [2000, 1000] }?.code == .invalidState)
        #expect(try refusal { $0.optimizer?.stepCount = -1 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].episodeLength = -1 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].recentLengths = [1] }?.code == .invalidState)
    }

    @Test func refusesInvalidRings() throws {
        #expect(try refusal { $0.workers[0].replay?.cursor = 100 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].replay?.cursor = -1 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].replay?.capacity = 36 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].replay?.chunkLength = 0 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].replay?.count = 0 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].replay?.count = 60 }?.code == .invalidState)
        #expect(try refusal { $0.workers[0].replay?.columns.removeLast() }?.code == .invalidState)
        #expect(
            try refusal { $0.workers[0].replay?.columns[1].chunks[0].withMutableBytes { $0[0] = 7 } }?.code
                == .invalidState)
        #expect(try refusal { $0.workers[0].replay?.columns[0].chunks.removeLast() }?.code == .invalidState)
    }

    @Test func refusesInvalidLearnersAndPriorities() throws {
        #expect(try refusal { $0.workers[0].agentSteps = -1 }?.code == .invalidState)
        for epsilon in [-0.1, 1.1, .nan] {
            #expect(try refusal { $0.workers[0].finalEpsilon = epsilon }?.code == .invalidState, "\(epsilon)")
        }
        func learner(_ name: String, _ value: StateSnapshot.Value) -> StateSnapshot {
            StateSnapshot(kind: "async-q", version: 1, values: [name: value])
        }
        for (name, value) in [
            ("a", .float32([.nan])), ("a", .float64([0, .infinity])), ("a/b", .int64([1])), ("", .uint8([])),
        ] as [(String, StateSnapshot.Value)] {
            #expect(try refusal { $0.workers[0].learner = learner(name, value) }?.code == .invalidState, "\(name)")
        }
        let column = try #require(Samples.prioritized().workers[0].replay?.columns.last)
        #expect(column.name == "priorities")
        for value in [-1.0, .nan] {
            var bad = column
            bad.chunks[0].withMutableBytes { $0.storeBytes(of: value, as: Double.self) }
            #expect(try refusal { $0.workers[0].replay?.columns.append(bad) }?.code == .invalidState, "\(value)")
        }
    }

    @Test func keepsExistingFiles() throws {
        let url = folder.file("there.h5")
        try Data("mine".utf8).write(to: url)
        let error = #expect(throws: CheckpointError.self) { try Samples.whole().write(to: url) }
        #expect(error?.code == .exists)
        #expect(error?.message.contains(url.path) == true)
        #expect(try Data(contentsOf: url) == Data("mine".utf8))
        try Samples.whole().write(to: url, overwriting: true)
        #expect(Verifier.verify(url).isValid)
        #expect(folder.names == ["there.h5"])
    }

    @Test func refusesMissingDirectories() throws {
        let error = #expect(throws: CheckpointError.self) { try Samples.whole().write(to: folder.file("none/a.h5")) }
        #expect(error?.code == .inputOutput)
        try Data().write(to: folder.file("file"))
        #expect(throws: CheckpointError.self) { try Samples.whole().write(to: folder.file("file/a.h5")) }
        #expect(folder.names == ["file"])
    }

    /// The writer refuses what a reader would refuse: JSON nested more than 128 levels deep.
    @Test func refusesDeeplyNestedDocuments() throws {
        func nested(_ depth: Int) -> JSONValue { (0..<depth).reduce(.null) { inner, _ in .array([inner]) } }
        let error = try refusal { $0.configuration = .object(["a": nested(128)]) }
        #expect(error?.code == .invalidState)
        #expect(error?.message.contains("/configuration") == true)
        var checkpoint = try Samples.whole()
        checkpoint.configuration = .object(["a": nested(127)])
        try checkpoint.write(to: folder.file("deep.h5"))
        #expect(try Checkpoint(contentsOf: folder.file("deep.h5")).configuration == checkpoint.configuration)
    }
}
