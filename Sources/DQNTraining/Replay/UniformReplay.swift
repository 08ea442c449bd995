public import DQNModel
package import DQNNetwork

/// The replay memory of DQN (Lin 1992, Mnih 2013): a ring of steps, sampled uniformly.
///
/// Observations are kept as single frames, once each; stacks are put together when sampled. A slot holds the newest
/// frame of an observation and, after the next step, what was done there and what came of it. An episode that was
/// truncated takes one slot more, for the observation to bootstrap from. See ``DQNModel/ReplaySnapshot``.
///
/// Not thread-safe; each worker has its own. Adding and sampling allocate nothing once the ring is full.
public final class UniformReplay {
    /// Slots of the ring.
    public let capacity: Int
    /// Slots written so far.
    public private(set) var count = 0
    /// The slot of the newest observation.
    package private(set) var cursor = 0
    private let frameStack: Int
    private var frames: ReplayRing
    private var actions: ReplayRing
    private var rewards: ReplayRing
    private var flags: ReplayRing
    private let blankFrame: [UInt8]

    /// Creates an empty replay.
    ///
    /// - Parameters:
    ///   - capacity: slots; more than twice the frame stack, so that a transition can always be sampled.
    ///   - frame: the space of a single frame.
    ///   - frameStack: frames that an observation is stacked of.
    public init(capacity: Int, frame: ObservationSpace, frameStack: Int) {
        precondition(capacity >= Self.minimumCapacity(frameStack: frameStack), "a replay too small to sample from")
        self.capacity = capacity
        self.frameStack = frameStack
        let length = Self.chunkLength(bytesPerFrame: frame.byteCount)
        frames = ReplayRing(name: "frames", element: frame.element, shape: frame.shape, chunkLength: length)
        actions = ReplayRing(name: "actions", element: .int32, shape: [], chunkLength: length)
        rewards = ReplayRing(name: "rewards", element: .float32, shape: [], chunkLength: length)
        flags = ReplayRing(name: "flags", element: .uint8, shape: [], chunkLength: length)
        blankFrame = [UInt8](repeating: 0, count: frame.byteCount)
    }

    /// The smallest capacity that always has a transition to sample.
    public static func minimumCapacity(frameStack: Int) -> Int { 2 * frameStack + 2 }

    /// Slots of a chunk: 1024, or as many as keep a chunk of frames within 2 MiB. Depends on nothing else, so the
    /// chunks' boundaries follow from the cursor alone.
    package static func chunkLength(bytesPerFrame: Int) -> Int {
        var length = 1024
        while length > 16, length * bytesPerFrame > 1 << 21 { length /= 2 }
        return length
    }

    /// Starts an episode with its first frame.
    public func begin(_ frame: UnsafeRawBufferPointer) {
        open(frame, .episodeStart)
    }

    /// Completes the newest observation's step and takes the frame that followed.
    ///
    /// After an episode's end, ``begin(_:)`` comes next.
    public func add(
        action: Int, reward: Double, terminated: Bool, truncated: Bool, next frame: UnsafeRawBufferPointer
    ) {
        actions.write(cursor, value: Int32(action))
        rewards.write(cursor, value: Float(reward))
        var outcome = ReplayFlags(rawValue: flags.value(cursor, as: UInt8.self))
        if terminated { outcome.insert(.terminated) }
        if truncated { outcome.insert(.truncated) }
        flags.write(cursor, value: outcome.rawValue)
        advance()
        if terminated { return }
        open(frame, truncated ? .final : [])
        if truncated { advance() }
    }

    private func advance() { cursor = cursor + 1 == capacity ? 0 : cursor + 1 }

    private func open(_ frame: UnsafeRawBufferPointer, _ flag: ReplayFlags) {
        frames.write(cursor, frame)
        actions.write(cursor, value: Int32(-1))
        rewards.write(cursor, value: Float(0))
        flags.write(cursor, value: flag.rawValue)
        count = max(count, cursor + 1)
    }

    private func flag(_ slot: Int) -> ReplayFlags { ReplayFlags(rawValue: flags.value(slot, as: UInt8.self)) }

    private func before(_ slot: Int) -> Int { slot == 0 ? capacity - 1 : slot - 1 }

    /// Whether a slot holds a whole transition all of whose frames are still there.
    private func isSampleable(_ slot: Int) -> Bool {
        if slot == cursor || flag(slot).contains(.final) { return false }
        var earlier = slot
        for _ in 1..<max(frameStack, 1) {
            if flag(earlier).contains(.episodeStart) { return true }
            earlier = before(earlier)
            if earlier == cursor { return false }
        }
        return true
    }

    /// Draws a transition uniformly; at least one must have been added.
    package func draw(_ generator: inout RandomGenerator) -> Int {
        while true {
            let slot = generator.integer(below: count)
            if isSampleable(slot) { return slot }
        }
    }

    /// Puts the observation of a slot, all its frames, into a row of a network's input.
    package func load(_ slot: Int, into computation: any NetworkComputation, row: Int, elementsPerFrame: Int) {
        var position = frameStack - 1
        var current = slot
        while true {
            computation.load(frames.bytes(current), row: row, offset: position * elementsPerFrame)
            if position == 0 { return }
            position -= 1
            if flag(current).contains(.episodeStart) { break }
            current = before(current)
        }
        blankFrame.withUnsafeBytes { blank in
            for earlier in 0...position { computation.load(blank, row: row, offset: earlier * elementsPerFrame) }
        }
    }

    /// The slot of the observation that followed; that of the step itself where the episode terminated, since nothing
    /// is bootstrapped from there.
    package func next(_ slot: Int) -> Int {
        if flag(slot).contains(.terminated) { return slot }
        return slot + 1 == capacity ? 0 : slot + 1
    }

    package func action(_ slot: Int) -> Int32 { actions.value(slot, as: Int32.self) }
    package func reward(_ slot: Int) -> Float { rewards.value(slot, as: Float.self) }
    package func isTerminated(_ slot: Int) -> Bool { flag(slot).contains(.terminated) }
}

extension UniformReplay {
    /// The whole replay by value; copies no step.
    public func snapshot() -> ReplaySnapshot {
        ReplaySnapshot(
            capacity: capacity, cursor: cursor, count: count, chunkLength: frames.chunkLength,
            columns: [frames.column, actions.column, rewards.column, flags.column])
    }

    /// Restores a replay.
    ///
    /// - Throws: ``DQNModel/ModelError`` (`invalidSnapshot`) when a column is missing or of another type or shape, or
    ///   when the ring's size differs.
    public convenience init(
        restoring snapshot: ReplaySnapshot, capacity: Int, frame: ObservationSpace, frameStack: Int
    ) throws(ModelError) {
        guard snapshot.capacity == capacity, (1...capacity).contains(snapshot.count),
            (0..<snapshot.count).contains(snapshot.cursor)
        else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "The stored replay has \(snapshot.capacity) slots, \(snapshot.count) in use and its cursor at "
                    + "\(snapshot.cursor); this run needs \(capacity) slots.")
        }
        self.init(capacity: capacity, frame: frame, frameStack: frameStack)
        count = snapshot.count
        cursor = snapshot.cursor
        func restore(_ ring: inout ReplayRing) throws(ModelError) {
            guard let column = snapshot.columns.first(where: { $0.name == ring.name }), column.element == ring.element,
                column.shape == ring.shape
            else {
                throw ModelError(
                    code: .invalidSnapshot,
                    message: "The stored replay has no column '\(ring.name)' of \(ring.element.rawValue) \(ring.shape)."
                )
            }
            ring.restore(column, of: snapshot)
        }
        try restore(&frames)
        try restore(&actions)
        try restore(&rewards)
        try restore(&flags)
    }
}
