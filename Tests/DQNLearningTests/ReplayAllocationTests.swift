import CAllocationCounter
import DQNLearning
import DQNModel
import Testing

// Allocations are counted on Linux only.
#if os(Linux)
    @Suite struct ReplayAllocationTests {
        @Test(arguments: [nil, PrioritizedReplayConfiguration()])
        func aWarmReplayAllocatesNothing(prioritization: PrioritizedReplayConfiguration?) throws {
            let frame = ObservationSpace(shape: [4], element: .float32)
            let replay = ReplayMemory(
                capacity: 3000, frame: frame, frameStack: 4, nStep: 3, discount: 0.9, prioritization: prioritization)
            replay.fill(frame, steps: 5000)
            var generator = RandomGenerator(seed: 1)
            let bytes = [UInt8](repeating: 1, count: frame.byteCount)
            var batch = [SampledTransition](repeating: .blank, count: 64)
            func work() throws(TrainingError) {
                for step in 0..<20 {
                    bytes.withUnsafeBytes { frame in
                        let ends = step % 7 == 0
                        replay.add(action: 1, reward: 1, terminated: ends, truncated: false, next: frame)
                        if ends { replay.beginEpisode(frame) }
                    }
                    batch.withUnsafeMutableBufferPointer { replay.sample(into: $0, beta: 0.4, &generator) }
                    for sampled in batch { try replay.updatePriority(sampled.slot, error: sampled.reward) }
                }
            }
            try work()
            allocation_counter_start()
            try work()
            let counts = allocation_counter_stop()
            #expect(counts.own == 0)
        }
    }
#endif
