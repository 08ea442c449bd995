import DQNCheckpoint
import DQNLearning
import DQNModel
import Foundation
import Testing

@Suite struct ReplaySnapshotTests {
    @Test(arguments: [40, 63, 64, 65, 700], [nil, PrioritizedReplayConfiguration(exponent: 0.7)])
    func aRestoredReplayContinuesLikeTheOriginal(steps: Int, prioritization: PrioritizedReplayConfiguration?) throws {
        var record = RecordedReplay(
            capacity: 64, frameStack: 3, nStep: 4, prioritization: prioritization, ending: .abandonedOften, seed: 8)
        var first = RandomGenerator(seed: 1)
        record.take(steps: steps)
        for sampled in record.sample(100, &first) {
            try record.replay.updatePriority(sampled.slot, error: Float(first.uniform(in: -3..<3)))
        }
        var copy = try record.restored()
        #expect(copy.replay.largestPriority == record.replay.largestPriority)
        var second = first
        for _ in 0..<300 {
            record.act()
            copy.act()
            let one = record.sample(5, &first)
            let other = copy.sample(5, &second)
            for (sampled, again) in zip(one, other) {
                #expect(sampled.slot == again.slot && sampled.reward == again.reward)
                #expect(sampled.bootstrapSlot == again.bootstrapSlot && sampled.action == again.action)
                #expect(sampled.bootstrapDiscount == again.bootstrapDiscount)
                #expect(sampled.importanceWeight == again.importanceWeight)
                #expect(try record.loaded(sampled.slot) == copy.loaded(sampled.slot))
                let error = Float(first.uniform(in: -3..<3))
                #expect(error == Float(second.uniform(in: -3..<3)))
                try record.replay.updatePriority(sampled.slot, error: error)
                try copy.replay.updatePriority(sampled.slot, error: error)
            }
        }
        #expect(try record.priorities() == copy.priorities())
    }

    /// The environment can be lost at any time, also between episodes; the replay continues without it.
    @Test(arguments: [nil, PrioritizedReplayConfiguration()])
    func aReplayContinuesWithoutItsEnvironment(prioritization: PrioritizedReplayConfiguration?) throws {
        var record = RecordedReplay(
            capacity: 24, frameStack: 2, nStep: 3, prioritization: prioritization, ending: .mixed, seed: 3)
        record.begin()
        for _ in 0..<120 {
            var copy = try record.restored()
            copy.abandon()
            for _ in 0..<8 {
                let expected = copy.history.transitions
                #expect(
                    (0..<copy.replay.count).filter { copy.replay.reader.isSampleable($0) } == expected.keys.sorted())
                for (slot, transition) in expected {
                    let sampled = copy.replay.reader.transition(slot)
                    #expect(try copy.loaded(slot) == transition.stack)
                    #expect(try copy.loaded(sampled.bootstrapSlot) == transition.next)
                    #expect(sampled.reward == Float(transition.reward))
                }
                copy.act()
            }
            record.act()
        }
    }

    @Test func everySnapshotCanBeStored() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("replay-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let architecture = try NetworkArchitecture("mlp:1", input: RecordedReplay.frame, actions: 3)
        var checkpoint = Checkpoint(
            writer: .current, configuration: .object(["environment": .string("CartPole-v1")]),
            architecture: architecture,
            online: [Float](repeating: 0, count: try ParameterLayout(architecture).count))
        for ending in [RecordedReplay.Ending.abandonedOften, .truncatedAfterOneStep] {
            var record = RecordedReplay(capacity: 7, frameStack: 1, nStep: 2, ending: ending, seed: 12)
            for event in 0..<16 {
                let snapshot = record.replay.snapshot()
                checkpoint.workers = [
                    WorkerState(
                        generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0,
                        recentReturns: [], recentLengths: [], replay: snapshot)
                ]
                let file = folder.appendingPathComponent("\(ending)-\(event).h5")
                try checkpoint.write(to: file)
                let restored = try #require(try Checkpoint(contentsOf: file).workers.first?.replay)
                #expect(restored.cursor == snapshot.cursor && restored.count == snapshot.count)
                record.act()
            }
        }
    }

    @Test func aSnapshotDoesNotChange() throws {
        var record = RecordedReplay(
            capacity: 64, frameStack: 1, prioritization: PrioritizedReplayConfiguration(), seed: 8)
        record.take(steps: 100)
        let snapshot = record.replay.snapshot()
        func contents() -> [[UInt8]] {
            snapshot.columns.map { column in
                var bytes: [UInt8] = []
                snapshot.forEachRun(of: column) { bytes += Array($0) }
                return bytes
            }
        }
        let before = contents()
        record.take(steps: 100)
        #expect(contents() == before)
        #expect(before[0].count == 64 * 4)
        #expect(before[4].count == 64 * 8)
    }

    @Test func refusesASnapshotThatDoesNotFit() throws {
        var record = RecordedReplay(capacity: 64, frameStack: 1, seed: 8)
        record.take(steps: 3)
        let snapshot = record.replay.snapshot()
        func restore(
            _ snapshot: ReplaySnapshot, capacity: Int = 64, shape: [Int] = [1]
        ) throws -> ReplayMemory {
            try ReplayMemory(
                restoring: snapshot, capacity: capacity, frame: ObservationSpace(shape: shape, element: .float32),
                frameStack: 1, discount: 1)
        }
        #expect(try restore(snapshot).count == snapshot.count)
        #expect(throws: ModelError.self) { try restore(snapshot, capacity: 65) }
        #expect(throws: ModelError.self) { try restore(snapshot, shape: [2]) }
        var damaged = snapshot
        damaged.cursor = 64
        #expect(throws: ModelError.self) { try restore(damaged) }
        damaged = snapshot
        damaged.cursor = 0
        #expect(throws: ModelError.self) { try restore(damaged) }
    }

    @Test func refusesPrioritiesThatDoNotFit() throws {
        var record = RecordedReplay(
            capacity: 64, frameStack: 2, nStep: 3, prioritization: PrioritizedReplayConfiguration(), seed: 8)
        record.take(steps: 200)
        let snapshot = record.replay.snapshot()
        func restore(
            _ snapshot: ReplaySnapshot, prioritized: Bool = true, nStep: Int = 3, largest: Double? = 1
        ) throws -> ReplayMemory {
            try ReplayMemory(
                restoring: snapshot, capacity: 64, frame: RecordedReplay.frame, frameStack: 2, nStep: nStep,
                discount: 0.9, prioritization: prioritized ? PrioritizedReplayConfiguration() : nil,
                largestPriority: largest)
        }
        #expect(try restore(snapshot).canSample)
        #expect { try restore(snapshot, prioritized: false) } throws: { "\($0)".contains("'priorities'") }
        #expect { try restore(snapshot, nStep: 1) } throws: { "\($0)".contains("'priorities'") }
        #expect { try restore(snapshot, largest: nil) } throws: { "\($0)".contains("largest priority") }
        #expect { try restore(snapshot, largest: .nan) } throws: { "\($0)".contains("largest priority") }
        var without = snapshot
        without.columns.removeAll { $0.name == "priorities" }
        #expect { try restore(without) } throws: { "\($0)".contains("'priorities'") }
        for leaf in [Double.nan, .infinity, -1, 1] {
            var damaged = snapshot
            let index = try #require(damaged.columns.firstIndex { $0.name == "priorities" })
            damaged.columns[index].chunks[0].withMutableBytes {
                $0.storeBytes(of: leaf, toByteOffset: 8 * snapshot.cursor, as: Double.self)
            }
            #expect { try restore(damaged) } throws: { "\($0)".contains("'priorities'") }
        }
    }
}
