internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork

/// The last few steps of one worker, up to `segment_length` of them or an episode's end, whichever is first.
///
/// Owns plain buffers, so that a step allocates nothing. Not thread-safe.
final class Segment {
    /// Most steps.
    let capacity: Int
    /// Steps so far.
    private(set) var count = 0
    /// Whether the last step ended its episode, and how.
    private(set) var terminated = false
    private(set) var truncated = false
    let actions: UnsafeMutableBufferPointer<Int32>
    let rewards: UnsafeMutableBufferPointer<Float>
    /// What the rule writes: what each step's value should be.
    let targets: UnsafeMutableBufferPointer<Float>
    private let bytesPerObservation: Int
    // One more than steps: the observation after the last.
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

    /// Whether it is time to learn from it.
    var isComplete: Bool { count == capacity || ended }
    /// Whether the last step ended its episode.
    var ended: Bool { terminated || truncated }

    /// The observation before a step, or after the last.
    func observation(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: observations[(index * bytesPerObservation)..<((index + 1) * bytesPerObservation)])
    }

    /// Puts down what was seen before the next step.
    func see(_ observation: Observation) { store(observation, at: count) }

    /// Adds a step.
    func add(_ transition: Transition) {
        actions[count] = Int32(transition.action)
        rewards[count] = Float(transition.reward)
        terminated = transition.terminated
        truncated = transition.truncated
        count += 1
        store(transition.next.stacked, at: count)
    }

    /// Begins anew.
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

    /// Loads the observations before each step into a computation's first rows; the rows beyond keep what they had.
    func load(into computation: any NetworkComputation) {
        for index in 0..<count { computation.load(observation(index), row: index, offset: 0) }
    }

    /// Loads the observations after some of the steps into a computation's first rows.
    func loadNext(_ steps: Range<Int>, into computation: any NetworkComputation) {
        for index in steps {
            computation.load(observation(index + 1), row: index - steps.lowerBound, offset: 0)
        }
    }

    /// The steps as arrays, for a checkpoint.
    ///
    /// At a step boundary a segment is complete only if the environment was lost right after its last step; nothing can
    /// be learnt from it then.
    func save(into values: inout [String: StateSnapshot.Value]) {
        guard count > 0, !isComplete else { return }
        values["segment.actions"] = .int64(actions[..<count].map(Int64.init))
        values["segment.rewards"] = .float32(Array(rewards[..<count]))
        values["segment.observations"] = .uint8(Array(observations[..<(count * bytesPerObservation)]))
    }

    /// Goes on from ``save(into:)``.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) for arrays that no segment here can have: a file may hold anything.
    func restore(_ snapshot: StateSnapshot, actionCount: Int) throws(ModelError) {
        guard case .int64(let stored)? = snapshot.values["segment.actions"] else { return }
        guard stored.count < capacity else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "The stored segment has \(stored.count) steps; segments here have fewer than \(capacity).")
        }
        guard stored.allSatisfy({ (0..<Int64(actionCount)).contains($0) }) else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "The stored segment has actions beyond the \(actionCount) that there are.")
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
    /// Writes the return of each step as its target: R ← r + γ R, backwards from the bootstrapped value.
    func writeReturns(bootstrap: Float, discount: Float) {
        var sum = bootstrap
        for index in (0..<count).reversed() {
            sum = rewards[index] + discount * sum
            targets[index] = sum
        }
    }
}

extension SegmentNetworks {
    /// The configured loss of the Q-values of a segment's steps against its targets, summed.
    func loss(
        of segment: Segment, outputs: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
    ) -> SegmentLoss {
        SegmentLoss(
            loss: configuration.loss.evaluate(
                outputs: outputs, actions: UnsafeBufferPointer(segment.actions),
                targets: UnsafeBufferPointer(segment.targets), gradient: gradient, reduction: .sum,
                count: segment.count))
    }
}
