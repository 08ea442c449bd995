internal import DQNModel
internal import DQNNetwork
internal import Foundation

/// A worker's replay: one ``ReplayMemory`` for each of its environments, sampled as if they were one.
///
/// The steps of an episode are neighbours in one ring, so environments that are stepped in turn need a ring each. The
/// capacity is divided among them. Not thread-safe.
final class ReplayStreams {
    let memories: [ReplayMemory]
    /// Readers of the memories, for one mini-batch.
    private let readers: UnsafeMutableBufferPointer<ReplayReader>
    /// The largest |δ| + ε so far, which new transitions of every environment get.
    private(set) var largestPriority: Double

    /// Creates a replay from the memories of the environments, in index order.
    init(_ memories: [ReplayMemory]) {
        precondition(!memories.isEmpty, "a worker has at least one environment")
        self.memories = memories
        largestPriority = memories[0].largestPriority
        readers = .allocate(capacity: memories.count)
        for (index, memory) in memories.enumerated() { readers.initializeElement(at: index, to: memory.reader) }
    }

    deinit { readers.deallocate() }

    /// The number of slots in use.
    var count: Int { memories.reduce(0) { $0 + $1.count } }
    /// The number of slots.
    var capacity: Int { memories.reduce(0) { $0 + $1.capacity } }
    /// Whether there is a transition to sample.
    var canSample: Bool {
        for memory in memories where memory.canSample { return true }
        return false
    }

    /// Samples a mini-batch from all environments; see ``ReplayMemory/sample(into:beta:_:)``. Allocates nothing.
    func sample(into batch: ReplayBatch, beta: Double, _ generator: inout RandomGenerator) {
        for index in readers.indices { readers[index] = memories[index].reader }
        guard memories.count > 1 else { return memories[0].sample(into: batch.transitions, beta: beta, &generator) }
        if memories[0].priorities == nil {
            sampleUniformly(into: batch, &generator)
        } else {
            samplePrioritized(into: batch, beta: beta, &generator)
        }
    }

    private func sampleUniformly(into batch: ReplayBatch, _ generator: inout RandomGenerator) {
        let count = count
        for row in 0..<batch.count {
            while true {
                var (stream, slot) = (0, generator.integer(below: count))
                while slot >= memories[stream].count {
                    slot -= memories[stream].count
                    stream += 1
                }
                if readers[stream].isSampleable(slot) {
                    batch.streams[row] = stream
                    batch.transitions[row] = readers[stream].transition(slot)
                    break
                }
                precondition(canSample, "the replay has no transition to sample yet; check canSample")
            }
        }
    }

    /// Divides the sum of all environments' priorities into one equal part per row (Schaul 2016, appendix B.2.1).
    private func samplePrioritized(into batch: ReplayBatch, beta: Double, _ generator: inout RandomGenerator) {
        var (total, last) = (0.0, 0)
        for (index, memory) in memories.enumerated() {
            guard let sum = memory.priorities?.total, sum > 0 else { continue }
            total += sum
            last = index
        }
        precondition(total > 0, "the replay has no transition to sample yet; check canSample")
        var smallest = Double.infinity
        for row in 0..<batch.count {
            var position = (Double(row) + generator.uniform()) / Double(batch.count) * total
            var stream = 0
            while stream < last, let sum = memories[stream].priorities?.total, position >= sum {
                position -= sum
                stream += 1
            }
            guard let priorities = memories[stream].priorities else { preconditionFailure("all rings are prioritized") }
            let slot = priorities.slot(at: position)
            batch.streams[row] = stream
            batch.transitions[row] = readers[stream].transition(slot)
            smallest = min(smallest, priorities.leaf(slot))
        }
        for row in 0..<batch.count {
            guard let priorities = memories[batch.streams[row]].priorities else { continue }
            batch.transitions[row].importanceWeight = Float(
                pow(smallest / priorities.leaf(batch.transitions[row].slot), beta))
        }
    }

    /// Loads an observation of a row of the newest mini-batch into a row of a network's input.
    @inline(__always)
    func load(
        _ slot: Int, of batch: ReplayBatch, into computation: any NetworkComputation, row: Int, elementsPerFrame: Int
    ) {
        readers[batch.streams[row]].load(slot, into: computation, row: row, elementsPerFrame: elementsPerFrame)
    }

    /// Masks the outputs of a network for the observations that the newest mini-batch is bootstrapped from.
    func mask(
        _ outputs: UnsafeBufferPointer<Float>, of batch: ReplayBatch,
        _ architecture: @autoclosure () -> NetworkArchitecture
    ) {
        guard hasMasks else { return }
        let architecture = architecture()
        for row in 0..<batch.count {
            MaskedOutputs.apply(
                bytes: readers[batch.streams[row]].bootstrapMask(batch.transitions[row]), to: outputs, row: row,
                of: architecture)
        }
    }

    /// Masks a row of outputs for the observation of a slot of the same environment.
    func mask(
        _ outputs: UnsafeBufferPointer<Float>, of batch: ReplayBatch, row: Int, at slot: Int,
        _ architecture: @autoclosure () -> NetworkArchitecture
    ) {
        MaskedOutputs.apply(
            bytes: readers[batch.streams[row]].mask(slot), to: outputs, row: row, of: architecture())
    }

    private var hasMasks: Bool {
        for memory in memories where memory.masks != nil { return true }
        return false
    }

    /// Returns the slot and the action of a later step of the return of a row of the newest mini-batch; `nil` if the
    /// episode ended before it.
    func step(_ index: Int, of batch: ReplayBatch, row: Int) -> (slot: Int, action: Int)? {
        readers[batch.streams[row]].step(index, from: batch.transitions[row].slot)
    }

    /// Sets the priority of a row of the newest mini-batch from its temporal-difference error.
    func updatePriority(_ row: Int, of batch: ReplayBatch) throws(TrainingError) {
        let memory = memories[batch.streams[row]]
        try memory.updatePriority(batch.transitions[row].slot, error: batch.errors[row])
        guard memory.largestPriority > largestPriority else { return }
        largestPriority = memory.largestPriority
        for other in memories { other.priorities?.raiseLargest(to: largestPriority) }
    }
}
