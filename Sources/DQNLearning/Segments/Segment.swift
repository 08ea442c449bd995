internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork

/// The latest steps of one worker: up to `segment_length` steps, fewer if the episode ends.
///
/// Owns its buffers, so that a step allocates nothing. Not thread-safe.
final class Segment {
    /// The maximum number of steps.
    let capacity: Int
    /// The number of steps.
    private(set) var count = 0
    /// Whether the last step ended its episode in a terminal state, and whether a time limit ended it.
    private(set) var terminated = false
    private(set) var truncated = false
    let actions: UnsafeMutableBufferPointer<Int32>
    let rewards: UnsafeMutableBufferPointer<Float>
    /// The learning target of each step, which the rule writes.
    let targets: UnsafeMutableBufferPointer<Float>
    private let bytesPerObservation: Int
    // One more than steps, for the observation after the last step.
    private let observations: UnsafeMutableRawBufferPointer

    init(capacity: Int, bytesPerObservation: Int) {
        self.capacity = capacity
        self.bytesPerObservation = bytesPerObservation
        actions = .allocate(capacity: capacity)
        rewards = .allocate(capacity: capacity)
        targets = .allocate(capacity: capacity)
        actions.initialize(repeating: 0)
        rewards.initialize(repeating: 0)
        targets.initialize(repeating: 0)
        observations = .allocate(byteCount: (capacity + 1) * bytesPerObservation, alignment: 64)
        _ = observations.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        actions.deallocate()
        rewards.deallocate()
        targets.deallocate()
        observations.deallocate()
    }

    /// Whether the segment is complete and can be learned from.
    var isComplete: Bool { count == capacity || ended }
    /// Whether the last step ended its episode.
    var ended: Bool { terminated || truncated }

    /// Returns the observation before a step, or the one after the last step.
    func observation(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: observations[(index * bytesPerObservation)..<((index + 1) * bytesPerObservation)])
    }

    /// Sets the observation before the next step.
    func setObservation(_ observation: Observation) { store(observation, at: count) }

    /// Adds a step.
    func add(_ transition: Transition) {
        actions[count] = Int32(transition.action)
        rewards[count] = Float(transition.reward)
        terminated = transition.terminated
        truncated = transition.truncated
        count += 1
        store(transition.next.stacked, at: count)
    }

    /// Adds to the reward of a step, before the segment is learned from and cleared.
    func addToReward(_ index: Int, _ value: Float) { rewards[index] += value }

    /// Removes all steps.
    func clear() {
        count = 0
        terminated = false
        truncated = false
    }

    private func store(_ observation: Observation, at index: Int) {
        observation.withBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: observations[(index * bytesPerObservation)...])
                .copyMemory(from: bytes)
        }
    }

    /// Loads the observations before each step into a computation's first rows; further rows are unchanged.
    func load(into computation: any NetworkComputation) {
        for index in 0..<count { computation.load(observation(index), row: index, offset: 0) }
    }

    /// Loads the observations after the given steps into a computation's first rows.
    func loadNext(_ steps: Range<Int>, into computation: any NetworkComputation) {
        for index in steps {
            computation.load(observation(index + 1), row: index - steps.lowerBound, offset: 0)
        }
    }

    /// Adds the steps to a learner's arrays, for a checkpoint.
    ///
    /// Between two steps a segment is complete only if the environment failed right after the last step. Such a segment
    /// is not saved.
    func save(into values: inout [String: StateSnapshot.Value]) {
        guard count > 0, !isComplete else { return }
        values["segment.actions"] = .int64(actions[..<count].map(Int64.init))
        values["segment.rewards"] = .float32(Array(rewards[..<count]))
        values["segment.observations"] = .uint8(Array(observations[..<(count * bytesPerObservation)]))
    }

    /// Restores the steps that ``save(into:)`` wrote.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if the arrays do not fit this network or `segment_length`.
    func restore(_ snapshot: StateSnapshot, actionCount: Int) throws(ModelError) {
        guard case .int64(let stored)? = snapshot.values["segment.actions"] else { return }
        guard stored.count < capacity else {
            throw ModelError(
                code: .invalidSnapshot,
                message:
                    "The stored segment has \(stored.count) steps, but must have fewer than segment_length \(capacity)."
            )
        }
        guard stored.allSatisfy({ (0..<Int64(actionCount)).contains($0) }) else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "The stored segment has an action outside 0…\(actionCount - 1).")
        }
        let rewards = try snapshot.float32("segment.rewards", count: stored.count)
        let bytes = try snapshot.uint8("segment.observations", count: stored.count * bytesPerObservation)
        for index in stored.indices {
            actions[index] = Int32(truncatingIfNeeded: stored[index])
            self.rewards[index] = rewards[index]
        }
        bytes.withUnsafeBytes { observations.copyMemory(from: $0) }
        count = stored.count
    }
}

extension Segment {
    /// Sets the target of each step to its return: R ← r + γ R, from the last step to the first.
    ///
    /// - Parameter bootstrap: The value of the observation after the last step; 0 in a terminal state.
    func writeReturns(bootstrap: Float, discount: Float) {
        var sum = bootstrap
        for index in (0..<count).reversed() {
            sum = rewards[index] + discount * sum
            targets[index] = sum
        }
    }
}
