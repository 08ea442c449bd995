public import DQNModel

/// The last few observations as one, for a network that needs more than a single frame.
///
/// The layout is that of `ObservationSpace.stacked(depth:)`, oldest frame first. After ``clear()`` the
/// frames before the first one are zeros, as in DeepMind's DQN. ``push(_:)`` works in place and allocates
/// nothing, unless a copy of ``observation`` exists, which keeps its bytes.
public struct FrameStack: Sendable {
    /// The number of frames.
    package let depth: Int
    /// Shape and element type of one frame.
    package let frameSpace: ObservationSpace
    /// The stacked frames, oldest first.
    public private(set) var observation: Observation

    /// Creates a stack of zeros.
    ///
    /// - Precondition: `depth` is positive.
    public init(of frameSpace: ObservationSpace, depth: Int) {
        precondition(depth > 0, "a frame stack needs a positive depth")
        self.depth = depth
        self.frameSpace = frameSpace
        observation = Observation(zerosOf: frameSpace.stacked(depth: depth))
    }

    /// Restores a stack from its ``observation``.
    ///
    /// - Throws: `ModelError` (`shapeMismatch`) when the observation is not of the stacked space.
    package init(of frameSpace: ObservationSpace, depth: Int, restoring observation: Observation) throws(ModelError) {
        self.init(of: frameSpace, depth: depth)
        guard observation.space == self.observation.space else {
            throw ModelError(
                code: .shapeMismatch,
                message: "A stack of \(depth) frames of shape \(frameSpace.shape) has shape "
                    + "\(self.observation.space.shape); the stored one has shape \(observation.space.shape).")
        }
        // The space stays the stack's own.
        self.observation.withMutableBytes { $0.copyBytes(from: observation.bytes) }
    }

    /// Removes all frames; call it when an episode begins, before the first ``push(_:)``.
    public mutating func clear() {
        observation.withMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    }

    /// Appends a frame and removes the oldest.
    ///
    /// - Precondition: the frame is of `frameSpace`.
    public mutating func push(_ frame: Observation) {
        precondition(frame.bytes.count == frameSpace.byteCount, "a frame of another size was pushed")
        frame.bytes.withUnsafeBytes { newest in
            observation.withMutableBytes { all in
                let kept = all.count - newest.count
                // `copyMemory` moves: the ranges may overlap.
                if kept > 0 {
                    UnsafeMutableRawBufferPointer(rebasing: all[..<kept])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: all[newest.count...]))
                }
                UnsafeMutableRawBufferPointer(rebasing: all[kept...]).copyMemory(from: newest)
            }
        }
    }
}
