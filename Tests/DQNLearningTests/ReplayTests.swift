import DQNLearning
import DQNModel
import Testing

@Suite struct ReplayTests {
    /// Covers every kind of history, stack, n and capacity, including the smallest. After each event exactly the
    /// transitions of the definition can be sampled, and there is always one once n steps have been taken.
    @Test(arguments: RecordedReplay.Ending.allCases, [false, true])
    func samplesMatchTheHistory(ending: RecordedReplay.Ending, prioritized: Bool) throws {
        for (frameStack, nStep) in [(1, 1), (1, 3), (2, 2), (4, 1), (4, 5), (3, 8)] {
            let minimum = ReplayMemory.minimumCapacity(frameStack: frameStack, nStep: nStep)
            for capacity in [minimum, minimum + 3, 41] {
                var record = RecordedReplay(
                    capacity: capacity, frameStack: frameStack, nStep: nStep,
                    prioritization: prioritized ? PrioritizedReplayConfiguration() : nil, ending: ending, seed: 5)
                var sampling = RandomGenerator(seed: 9)
                for event in 0..<250 {
                    record.act()
                    let expected = record.history.transitions
                    let slots = (0..<record.replay.count).filter { record.replay.reader.isSampleable($0) }
                    #expect(slots == expected.keys.sorted())
                    #expect(record.replay.canSample == !expected.isEmpty)
                    if record.history.steps >= nStep { #expect(record.replay.canSample) }
                    if prioritized, event % 5 == 0 {
                        let leaves = try record.priorities()
                        #expect(leaves.indices.filter { leaves[$0] > 0 } == slots)
                    }
                    guard record.replay.canSample else { continue }
                    for sampled in record.sample(3, &sampling) { try check(sampled, expected, record) }
                    let slot = record.sample(1, &sampling)[0].slot
                    #expect(expected[slot] != nil)
                    if prioritized {
                        try record.replay.updatePriority(slot, error: Float(sampling.uniform(in: -2..<2)))
                    }
                }
            }
        }
    }

    private func check(
        _ sampled: SampledTransition, _ expected: [Int: ReplayHistory.Transition], _ record: RecordedReplay
    ) throws {
        let transition = try #require(expected[sampled.slot], "the slot holds no transition")
        #expect(try record.loaded(sampled.slot) == transition.stack)
        #expect(sampled.action == transition.action)
        #expect(sampled.reward == Float(transition.reward))
        #expect(sampled.bootstrapDiscount == Float(transition.discount))
        #expect(try record.loaded(sampled.bootstrapSlot) == transition.next)
        if record.history.nStep == 1 {
            let next = (sampled.slot + 1) % record.history.capacity
            #expect(sampled.bootstrapSlot == (sampled.bootstrapDiscount == 0 ? sampled.slot : next))
        }
    }

    /// Checkpoints with a uniform replay depend on these draws: slots in use, repeated until one can be sampled.
    @Test func uniformDrawsUseTheGeneratorDirectly() {
        var record = RecordedReplay(capacity: 60, frameStack: 3, seed: 2)
        record.take(steps: 500)
        let sampleable = record.history.transitions
        var sampling = RandomGenerator(seed: 4)
        var reference = sampling
        for sampled in record.sample(400, &sampling) {
            var slot: Int
            repeat { slot = reference.integer(below: 60) } while sampleable[slot] == nil
            #expect(sampled.slot == slot)
            #expect(sampled.importanceWeight == 1)
        }
        #expect(sampling == reference)
    }

    @Test func everyTransitionIsDrawnEquallyOften() {
        var record = RecordedReplay(capacity: 60, frameStack: 1, seed: 2)
        record.take(steps: 500)
        var sampling = RandomGenerator(seed: 4)
        var counts: [Int: Int] = [:]
        for _ in 0..<40_000 { counts[record.sample(1, &sampling)[0].slot, default: 0] += 1 }
        #expect(counts.count > 40)
        let expected = 40_000 / Double(counts.count)
        for count in counts.values { #expect(abs(Double(count) - expected) < 6 * expected.squareRoot()) }
    }

    @Test func anEmptyReplayHasNothingToSample() {
        for prioritization in [nil, PrioritizedReplayConfiguration()] {
            var record = RecordedReplay(capacity: 12, frameStack: 1, nStep: 3, prioritization: prioritization, seed: 1)
            #expect(!record.replay.canSample)
            record.begin()
            record.step()
            record.step()
            #expect(!record.replay.canSample)
            record.step()
            #expect(record.replay.canSample)
        }
    }

    @Test func chunksStayWithinTwoMebibytes() {
        #expect(ReplayMemory.chunkLength(bytesPerFrame: 16) == 1024)
        #expect(ReplayMemory.chunkLength(bytesPerFrame: 84 * 84) == 256)
        #expect(ReplayMemory.chunkLength(bytesPerFrame: 1 << 30) == 16)
    }
}
