import DQNLearning
import DQNModel
import Testing

/// Steps that another run takes over stay transitions of the source.
@Suite struct ReplayTransferTests {
    /// A transition as values.
    private struct Values: Hashable {
        var stack: [Float]
        var action: Int32
        var reward: Float
        var next: [Float]
        var discount: Float
    }

    private func configuration(
        workers: Int = 1, environments: Int = 1, capacity: Int, stack: Int, prioritized: Bool = false
    ) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.workers = workers
        configuration.environmentsPerWorker = environments
        configuration.replayCapacity = capacity * environments
        configuration.frameStack = stack
        configuration.prioritized = prioritized
        configuration.discount = 0.9
        return configuration
    }

    private func transitions(
        of replay: ReplaySnapshot, _ configuration: TrainingConfiguration
    ) throws -> [Values] {
        let stack = configuration.frameStack
        var copy = RecordedReplay(capacity: replay.capacity, frameStack: stack, seed: 0)
        copy.replay = try ReplayMemory(
            restoring: replay, capacity: configuration.replayCapacity / configuration.environmentsPerWorker,
            frame: RecordedReplay.frame, frameStack: stack, discount: 0.9,
            prioritization: configuration.prioritized
                ? PrioritizedReplayConfiguration(exponent: 0.6, epsilon: 1e-6) : nil,
            largestPriority: configuration.prioritized ? 2 : nil)
        return try (0..<replay.count).filter { copy.replay.reader.isSampleable($0) }.map { slot in
            let transition = copy.replay.reader.transition(slot)
            return Values(
                stack: try copy.loaded(slot), action: transition.action, reward: transition.reward,
                next: transition.bootstrapDiscount == 0 ? [] : try copy.loaded(transition.bootstrapSlot),
                discount: transition.bootstrapDiscount)
        }
    }

    private func sources(_ count: Int, steps: Int, capacity: Int, stack: Int) -> [ReplaySnapshot] {
        (0..<count).map { index in
            var record = RecordedReplay(
                capacity: capacity, frameStack: stack, ending: .abandonedOften, seed: UInt64(index))
            record.take(steps: steps + 7 * index)
            return record.replay.snapshot()
        }
    }

    @Test(arguments: [1, 3], [30, 500])
    func aReplayOfAnotherSizeOrNumberHoldsTransitionsOfTheSource(stack: Int, steps: Int) throws {
        for (count, workers, environments, capacity) in [
            (1, 1, 1, 64), (1, 1, 1, 40), (1, 1, 1, 200), (1, 3, 1, 64), (2, 1, 1, 64), (3, 1, 2, 50), (2, 2, 2, 64),
        ] {
            let sources = sources(count, steps: steps, capacity: 64, stack: stack)
            let before = configuration(capacity: 64, stack: stack)
            let known = Set(try sources.flatMap { try transitions(of: $0, before) })
            for prioritized in [false, true] {
                let after = configuration(
                    workers: workers, environments: environments, capacity: capacity, stack: stack,
                    prioritized: prioritized)
                let replays = try ReplayTransfer(to: after, frame: RecordedReplay.frame).replays(
                    from: sources, keepsPriorities: false, largestPriority: 2)
                #expect(replays.count == workers * environments)
                var found: [Values] = []
                for replay in replays {
                    #expect(replay.capacity == capacity)
                    found += try transitions(of: replay, after)
                }
                #expect(Set(found).count == found.count, "nothing is duplicated")
                #expect(Set(found).isSubset(of: known))
                // All steps fit, except those of an episode whose beginning was overwritten.
                let room = workers * environments * capacity
                if room >= 64 * count { #expect(found.count > known.count * 3 / 4, "\(found.count) of \(known.count)") }
                #expect(found.count > min(known.count, room) / 3, "\(found.count) of \(known.count) in \(room)")
            }
        }
    }

    @Test func equalReplaysStayAsTheyAre() throws {
        let source = sources(1, steps: 500, capacity: 64, stack: 2)[0]
        let replay = try ReplayTransfer(to: configuration(capacity: 64, stack: 2), frame: RecordedReplay.frame)
            .replays(from: [source], keepsPriorities: false, largestPriority: 1)[0]
        #expect(replay.cursor == source.cursor && replay.count == source.count)
        #expect(replay.columns.map(\.name) == source.columns.map(\.name))
        #expect(zip(replay.columns, source.columns).allSatisfy { $0.chunks[0].identity == $1.chunks[0].identity })
    }

    @Test func prioritiesThatMeanTheSameStay() throws {
        var record = RecordedReplay(
            capacity: 64, frameStack: 1, prioritization: PrioritizedReplayConfiguration(exponent: 0.6, epsilon: 1e-6),
            seed: 1)
        record.take(steps: 100)
        var generator = RandomGenerator(seed: 1)
        for sampled in record.sample(60, &generator) { try record.replay.updatePriority(sampled.slot, error: 1.5) }
        let source = record.replay.snapshot()
        let prioritized = configuration(capacity: 64, stack: 1, prioritized: true)
        func leaves(_ configuration: TrainingConfiguration, keeps: Bool) throws -> [Double] {
            let replay = try ReplayTransfer(to: configuration, frame: RecordedReplay.frame)
                .replays(from: [source], keepsPriorities: keeps, largestPriority: 2)[0]
            var values: [Double] = []
            for column in replay.columns where column.name == "priorities" {
                replay.forEachRun(of: column) { values += Array($0.bindMemory(to: Double.self)) }
            }
            return values
        }
        #expect(try leaves(prioritized, keeps: true) == record.priorities())
        let new = try leaves(prioritized, keeps: false)
        #expect(Set(new).count == 2, "zero and the largest: \(new)")
        #expect(try leaves(configuration(capacity: 64, stack: 1), keeps: false).isEmpty)
    }

    @Test func aReplayOfOtherObservationsIsRefused() {
        let source = sources(1, steps: 50, capacity: 64, stack: 1)
        #expect(throws: ModelError.self) {
            _ = try ReplayTransfer(
                to: configuration(capacity: 64, stack: 1), frame: ObservationSpace(shape: [2], element: .float32)
            ).replays(from: source, keepsPriorities: false, largestPriority: 1)
        }
    }
}
