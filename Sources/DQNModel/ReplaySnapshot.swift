/// The whole of a replay memory at one instant, by value: taking one copies no step.
///
/// A replay is a ring of `capacity` slots. A slot holds an observation's newest frame and, once the next step
/// is known, the action taken there and what came of it. Slot ``cursor`` holds the newest observation, whose
/// action is not chosen yet.
public struct ReplaySnapshot: Sendable {
    /// One column: the same quantity for every slot, in chunks of ``ReplaySnapshot/chunkLength`` slots.
    public struct Column: Sendable {
        /// `frames`, `actions`, `rewards` or `flags`, or what a plug-in names.
        public var name: String
        /// What an element is.
        public var element: ElementType
        /// Shape of one slot's value; empty for a scalar.
        public var shape: [Int]
        /// The chunks in slot order, as many as are needed for the slots in use.
        public var chunks: [ReplayChunk]

        /// Creates a column.
        public init(name: String, element: ElementType, shape: [Int], chunks: [ReplayChunk]) {
            self.name = name
            self.element = element
            self.shape = shape
            self.chunks = chunks
        }

        /// Bytes of one slot's value.
        public var bytesPerSlot: Int { shape.reduce(1, *) * element.byteCount }
    }

    /// Slots of the ring.
    public var capacity: Int
    /// The slot of the newest observation.
    public var cursor: Int
    /// Slots written so far, at most `capacity`; slots 0..<count are in use.
    public var count: Int
    /// Slots of one chunk; the last chunk of a ring may be partly beyond `capacity`.
    public var chunkLength: Int
    /// The columns.
    public var columns: [Column]

    /// Creates a snapshot.
    public init(capacity: Int, cursor: Int, count: Int, chunkLength: Int, columns: [Column]) {
        self.capacity = capacity
        self.cursor = cursor
        self.count = count
        self.chunkLength = chunkLength
        self.columns = columns
    }

    /// Calls `body` with the bytes of the slots in use of a column, a chunk at a time, in slot order.
    public func forEachRun<Failure: Error>(
        of column: Column, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var remaining = count * column.bytesPerSlot
        for chunk in column.chunks where remaining > 0 {
            try chunk.withBytes { (bytes: UnsafeRawBufferPointer) throws(Failure) in
                try body(UnsafeRawBufferPointer(rebasing: bytes[..<min(remaining, bytes.count)]))
            }
            remaining -= chunk.byteCount
        }
    }
}

/// The bits of the `flags` column of a replay slot.
public struct ReplayFlags: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Creates flags from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The step taken from this observation ended the episode in the environment's own terms.
    public static let terminated = ReplayFlags(rawValue: 1)
    /// The step taken from this observation was the last before a time limit.
    public static let truncated = ReplayFlags(rawValue: 2)
    /// The observation is the first of its episode: a frame stack reaches back no further.
    public static let episodeStart = ReplayFlags(rawValue: 4)
    /// The observation is the last of a truncated episode: kept to bootstrap from; no action was taken here.
    public static let final = ReplayFlags(rawValue: 8)
}
