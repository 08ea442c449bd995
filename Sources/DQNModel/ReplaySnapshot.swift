/// The state of a replay memory at one instant. Taking a snapshot copies no steps.
///
/// A replay is a ring of `capacity` slots. A slot holds an observation's newest frame and, once the next step is known,
/// the action and its outcome. Slot `cursor` holds the newest observation, whose action is not chosen yet.
public struct ReplaySnapshot: Sendable {
    /// One quantity for every slot, in chunks of `chunkLength` slots.
    package struct Column: Sendable {
        /// The column's name: `frames`, `actions`, `rewards`, `flags` or one that a plug-in chooses.
        package var name: String
        /// The element type.
        package var element: ElementType
        /// The shape of one slot's value; empty for a scalar.
        package var shape: [Int]
        /// The chunks of the slots in use, in slot order; empty for a column that ``isInFile``.
        package var chunks: [ReplayChunk]
        /// Whether the elements are still in the file from which the snapshot was read, to be copied from there.
        package var isInFile = false

        /// Creates a column.
        package init(name: String, element: ElementType, shape: [Int], chunks: [ReplayChunk]) {
            self.name = name
            self.element = element
            self.shape = shape
            self.chunks = chunks
        }

        /// The size of one slot's value in bytes.
        package var bytesPerSlot: Int { shape.reduce(1, *) * element.byteCount }
    }

    /// The name of the optional column of action masks: `uint8 [actions]` for each slot, 1 for an action that the state
    /// after the slot's step allows. A row of zeros restricts nothing; slots without an action have zeros.
    package static let nextActionMasks = "next_action_masks"

    /// The number of slots of the ring.
    package var capacity: Int
    /// The slot of the newest observation.
    package var cursor: Int
    /// The number of slots written so far, at most `capacity`. Slots `0..<count` are in use.
    package var count: Int
    /// The number of slots of a chunk. The last chunk of a ring may extend beyond `capacity`.
    package var chunkLength: Int
    /// The columns.
    package var columns: [Column]

    /// Creates a snapshot.
    package init(capacity: Int, cursor: Int, count: Int, chunkLength: Int, columns: [Column]) {
        self.capacity = capacity
        self.cursor = cursor
        self.count = count
        self.chunkLength = chunkLength
        self.columns = columns
    }

    /// Calls `body` with the bytes of a column's slots in use, one chunk at a time, in slot order.
    package func forEachRun<Failure: Error>(
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

/// The flags of a replay slot, one bit each in the `flags` column.
///
/// Not an `OptionSet`: replays test flags at every step, and the compiler does not specialise that protocol's generic
/// members for a `package` type of another module.
@frozen package struct ReplayFlags: Sendable {
    /// The bits.
    package let rawValue: UInt8
    /// Creates flags from bits.
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// No flag.
    @inlinable package static var none: ReplayFlags { ReplayFlags(rawValue: 0) }
    /// The step from this observation terminated the episode.
    @inlinable package static var terminated: ReplayFlags { ReplayFlags(rawValue: 1) }
    /// The step from this observation was the last before a time limit.
    @inlinable package static var truncated: ReplayFlags { ReplayFlags(rawValue: 2) }
    /// The observation is the first of its episode, where a frame stack starts.
    @inlinable package static var episodeStart: ReplayFlags { ReplayFlags(rawValue: 4) }
    /// The observation is the last of a truncated episode, kept for bootstrapping. No action was taken here.
    @inlinable package static var final: ReplayFlags { ReplayFlags(rawValue: 8) }

    /// Returns these flags with another one set.
    @inlinable package func union(_ flag: ReplayFlags) -> ReplayFlags {
        ReplayFlags(rawValue: rawValue | flag.rawValue)
    }
    /// Returns whether a flag is set.
    @inlinable package func contains(_ flag: ReplayFlags) -> Bool { rawValue & flag.rawValue != 0 }
    /// Whether the step from this observation ended the episode.
    @inlinable package var endsEpisode: Bool { contains(.terminated) || contains(.truncated) }
}
