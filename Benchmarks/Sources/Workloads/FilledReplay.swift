import DQNLearning
import DQNModel
import DQNNetwork

/// A full replay of synthetic episodes of 200 steps, and a mini-batch.
package final class FilledReplay {
    package let memory: ReplayMemory
    private let frame: [UInt8]
    private let prioritized: Bool
    private let batch: UnsafeMutableBufferPointer<SampledTransition>
    private var generator = RandomGenerator(seed: 1)
    private var step = 0

    package init(capacity: Int, frame space: ObservationSpace, frameStack: Int, prioritized: Bool, batchSize: Int) {
        self.prioritized = prioritized
        memory = ReplayMemory(
            capacity: capacity, frame: space, frameStack: frameStack, discount: 0.99,
            prioritization: prioritized ? PrioritizedReplayConfiguration() : nil)
        frame = space.madeUp(1, &generator)
        batch = .allocate(capacity: batchSize)
        batch.initialize(repeating: .blank)
        // Slightly more than the capacity, so that the cursor is not at the beginning.
        for _ in 0..<(capacity + capacity / 10) { add() }
        // Priorities that vary as much as in a run.
        for _ in 0..<(prioritized ? capacity / batchSize : 0) { sample() }
    }

    deinit { batch.deallocate() }

    /// Adds a step, and starts a new episode if the last one has ended.
    package func add() {
        frame.withUnsafeBytes { frame in
            if step % 200 == 0 { memory.beginEpisode(frame) }
            step += 1
            memory.add(action: 0, reward: 1, terminated: step % 200 == 0, truncated: false, next: frame)
        }
    }

    /// Samples a mini-batch and, in a prioritized replay, sets new priorities as learning would.
    package func sample() {
        memory.sample(into: batch, beta: 0.4, &generator)
        guard prioritized else { return }
        for row in batch.indices {
            do {
                try memory.updatePriority(batch[row].slot, error: Float(generator.uniform()))
            } catch {
                preconditionFailure("a finite error was rejected: \(error)")
            }
        }
    }

    /// Samples a mini-batch and loads its stacked observations into a network's input.
    package func stack(into computation: any NetworkComputation) {
        sample()
        for row in batch.indices {
            memory.load(batch[row].slot, into: computation, row: row, elementsPerFrame: frame.count)
        }
    }
}
