internal import DQNModel
internal import DQNNetwork

/// The latest steps of one worker: up to `segment_length` steps of each of its environments.
///
/// A row is one step. Row r belongs to environment r modulo N, and the next step of the same environment is row r + N.
/// The segment of one environment may also end with the episode, as in Mnih 2016. Otherwise it has `segment_length`
/// steps of each environment, across the ends of episodes, as in A2C.
///
/// Owns its buffers, so that a step allocates nothing. Not thread-safe.
final class Segment {
    /// The number of environments: N.
    let environments: Int
    /// The maximum number of rows.
    let capacity: Int
    /// Whether the segment also ends with an episode; only with one environment.
    let endsWithEpisode: Bool
    /// The number of rows.
    var count = 0
    let actions: UnsafeMutableBufferPointer<Int32>
    let rewards: UnsafeMutableBufferPointer<Float>
    /// The learning target of each row, which the rule writes.
    let targets: UnsafeMutableBufferPointer<Float>
    /// The action at the observation after each row, by a rule that chooses ahead; −1 if there is none.
    let nextActions: UnsafeMutableBufferPointer<Int32>
    /// How each row's step ended.
    let ends: UnsafeMutableBufferPointer<SegmentEnd>
    let bytesPerObservation: Int
    // One more per environment than steps, for the observations after the last ones.
    let observations: UnsafeMutableRawBufferPointer
    /// The last observations of truncated episodes: the next episode's first one takes their place above.
    let finals: SegmentFinals
    /// The action masks of the observations.
    let masks: SegmentMasks

    /// Creates an empty segment.
    ///
    /// - Parameter length: The maximum number of steps of each environment.
    init(length: Int, environments: Int, bytesPerObservation: Int, actionCount: Int, endsWithEpisode: Bool) {
        precondition(!endsWithEpisode || environments == 1, "only the segment of one environment ends with an episode")
        self.environments = environments
        self.endsWithEpisode = endsWithEpisode
        capacity = length * environments
        self.bytesPerObservation = bytesPerObservation
        func buffer<Value>(_ value: Value, _ capacity: Int) -> UnsafeMutableBufferPointer<Value> {
            let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: capacity)
            buffer.initialize(repeating: value)
            return buffer
        }
        actions = buffer(0, capacity)
        rewards = buffer(0, capacity)
        targets = buffer(0, capacity)
        nextActions = buffer(-1, capacity)
        ends = buffer(.none, capacity)
        observations = .allocate(byteCount: (capacity + environments) * bytesPerObservation, alignment: 64)
        _ = observations.initializeMemory(as: UInt8.self, repeating: 0)
        finals = SegmentFinals(rows: capacity, bytesPerObservation: bytesPerObservation)
        masks = SegmentMasks(rows: capacity, environments: environments, actionCount: actionCount)
    }

    deinit {
        actions.deallocate()
        rewards.deallocate()
        targets.deallocate()
        nextActions.deallocate()
        ends.deallocate()
        observations.deallocate()
    }

    /// Whether the segment is complete and can be learned from.
    var isComplete: Bool { count == capacity || (endsWithEpisode && count > 0 && ends[count - 1] != .none) }

    /// Whether the row's step ended its episode in a terminal state.
    func isTerminated(_ row: Int) -> Bool { ends[row] == .terminated }
    /// Whether a time limit ended the row's episode.
    func isTruncated(_ row: Int) -> Bool { ends[row] == .truncated }
    /// Whether the target of the row needs the value of its next observation: no row continues from there.
    func isBootstrapped(_ row: Int) -> Bool {
        ends[row] == .truncated || (ends[row] == .none && row + environments >= count)
    }

    /// Returns the action at the observation after a row; −1 if there is none.
    func nextAction(after row: Int) -> Int32 {
        ends[row] == .none && row + environments < count ? actions[row + environments] : nextActions[row]
    }

    /// The rows of the last round.
    var lastRound: Range<Int> { (count - environments)..<count }

    /// Returns the observation before a row's step.
    func observation(_ row: Int) -> UnsafeRawBufferPointer { slot(row) }

    /// Returns the observation after a row's step; in a terminal state it has no meaning.
    func nextObservation(_ row: Int) -> UnsafeRawBufferPointer { finals[row] ?? slot(row + environments) }

    /// Returns the action mask of the observation before a row's step; `nil` if all actions are allowed.
    func mask(_ row: Int) -> UnsafeRawBufferPointer? { masks[row] }

    /// Returns the action mask of the observation after a row's step.
    func nextMask(_ row: Int) -> UnsafeRawBufferPointer? {
        finals[row] == nil ? masks[row + environments] : masks.final(of: row)
    }

    private func slot(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: observations[(index * bytesPerObservation)..<((index + 1) * bytesPerObservation)])
    }

    /// Returns the row of an environment's next step.
    ///
    /// - Precondition: environments take their steps in turn.
    func nextRow(of environment: Int) -> Int {
        let round = count / environments + (environment < count % environments ? 1 : 0)
        return round * environments + environment
    }

    /// Sets the observation before an environment's next step, and its action mask.
    func setObservation(_ observation: Observation, _ mask: [Bool]?, of environment: Int) {
        store(observation, at: nextRow(of: environment))
        masks.set(mask, of: nextRow(of: environment))
    }

    /// Adds a step of the environment whose turn it is.
    func add(_ transition: Transition, of environment: Int) {
        precondition(environment == count % environments, "environments take their steps in turn")
        let row = count
        actions[row] = Int32(transition.action)
        rewards[row] = Float(transition.reward)
        nextActions[row] = -1
        ends[row] = transition.terminated ? .terminated : transition.truncated ? .truncated : .none
        count += 1
        store(transition.next.stacked, at: row + environments)
        masks.set(transition.next.actionMask, of: row + environments)
        if transition.truncated, !transition.terminated, !endsWithEpisode { keepFinal(of: row) }
    }

    /// Keeps the last observation of a row's episode.
    private func keepFinal(of row: Int) {
        finals.add(slot(row + environments), row)
        masks.keep(row + environments, asFinalOf: row)
    }

    /// Ends an environment's episode, because the environment is lost.
    ///
    /// A segment that ends with the episode becomes empty. In another one the last step becomes truncated and is
    /// bootstrapped from the newest observation, as other steps remain.
    func abandonEpisode(of environment: Int) {
        guard !endsWithEpisode else { return clear() }
        let row = nextRow(of: environment) - environments
        guard row >= 0, ends[row] == .none else { return }
        ends[row] = .truncated
        keepFinal(of: row)
    }

    /// Adds to the reward of a row, before the segment is learned from and cleared.
    func addToReward(_ row: Int, _ value: Float) { rewards[row] += value }

    /// Removes all rows.
    func clear() {
        count = 0
        finals.clear()
        masks.clear()
    }

    private func store(_ observation: Observation, at index: Int) {
        observation.withBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: observations[(index * bytesPerObservation)...])
                .copyMemory(from: bytes)
        }
    }

    /// Loads the observations before each row into a computation's first rows; further rows are unchanged.
    func load(into computation: any NetworkComputation) {
        for row in 0..<count { computation.load(observation(row), row: row, offset: 0) }
    }

    /// Loads the observations after each row into a computation's first rows.
    func loadNext(into computation: any NetworkComputation) {
        for row in 0..<count { computation.load(nextObservation(row), row: row, offset: 0) }
    }

    /// Calls `body` with the rows that are bootstrapped from, in order, and at most N of them at once.
    func forEachBootstrap(_ body: (UnsafeBufferPointer<Int>) throws -> Void) throws {
        try withUnsafeTemporaryAllocation(of: Int.self, capacity: environments) { rows in
            var pending = 0
            for row in 0..<count where isBootstrapped(row) {
                rows.initializeElement(at: pending, to: row)
                pending += 1
                if pending == environments {
                    try body(UnsafeBufferPointer(rows))
                    pending = 0
                }
            }
            if pending > 0 { try body(UnsafeBufferPointer(rebasing: rows[..<pending])) }
        }
    }

    /// Sets the target of each row to its return: R ← r + γ R, from the last step to the first.
    ///
    /// The targets of the rows that are bootstrapped from must hold the values of their next observations.
    func writeReturns(discount: Float) {
        for row in (0..<count).reversed() {
            let next = isTerminated(row) ? 0 : targets[isBootstrapped(row) ? row : row + environments]
            targets[row] = rewards[row] + discount * next
        }
    }

    /// Sets the target of each row to its λ-return: R ← r + γ (λ R′ + (1 − λ) V(s′)), from the last step to the first
    /// (Gallici 2024; Peng 1996).
    ///
    /// The targets of the rows that are bootstrapped from must hold the values of their next observations.
    ///
    /// - Parameter values: The value of the observation before each row's step.
    func writeLambdaReturns(values: UnsafeBufferPointer<Float>, discount: Float, lambda: Float) {
        for row in (0..<count).reversed() {
            var next: Float = 0
            if isBootstrapped(row) {
                next = targets[row]
            } else if !isTerminated(row) {
                let later = row + environments
                next = lambda * targets[later] + (1 - lambda) * values[later]
            }
            targets[row] = rewards[row] + discount * next
        }
    }
}
