public import DQNModel

/// The replay memory of DQN (Lin 1992, Mnih 2013): a ring buffer of steps, sampled uniformly or by priority (Schaul
/// 2016).
///
/// Each frame is stored once. Sampling assembles the stacks and the n-step returns (Sutton 1988; with replay: Hessel
/// 2018). A slot holds the newest frame of an observation and, after the next step, the action taken there and its
/// outcome. A truncated episode takes one more slot, for the observation to bootstrap from. See
/// `ReplaySnapshot`.
///
/// Not thread-safe: each worker has its own. Adding and sampling allocate nothing once the buffer is full and no
/// snapshot shares its chunks.
public final class ReplayMemory {
    /// The number of slots.
    package let capacity: Int
    /// The number of slots in use.
    public internal(set) var count = 0
    /// The slot of the newest observation; between two episodes, the slot of the next episode's first observation.
    package internal(set) var cursor = 0
    /// Whether the cursor's slot holds an observation that a step can be added to.
    var isOpen = false
    let frameStack: Int
    let nStep: Int
    let discount: Double
    let frames: ReplayRing
    let actions: ReplayRing
    let rewards: ReplayRing
    let flags: ReplayRing
    let priorities: ReplayPriorities?
    /// The action masks of the observations after steps; `nil` until one has a mask.
    var masks: ReplayMasks?
    /// Zeros, which stand for the frames before an episode's first.
    let blankFrame: UnsafeMutableRawBufferPointer

    /// Creates an empty replay.
    ///
    /// - Parameters:
    ///   - capacity: The number of slots; at least 2 · `frameStack` + `nStep` + 1.
    ///   - frame: The space of a single frame.
    ///   - frameStack: The number of frames of a stacked observation.
    ///   - nStep: The number of steps of a return; fewer at an episode's end.
    ///   - discount: γ, from 0 to 1.
    ///   - prioritization: The constants of prioritized sampling; `nil` samples uniformly.
    public convenience init(
        capacity: Int, frame: ObservationSpace, frameStack: Int, nStep: Int = 1, discount: Double,
        prioritization: PrioritizedReplayConfiguration? = nil
    ) {
        self.init(
            capacity: capacity, frame: frame, frameStack: frameStack, nStep: nStep, discount: discount,
            prioritization: prioritization, largestPriority: 1)
    }

    init(
        capacity: Int, frame: ObservationSpace, frameStack: Int, nStep: Int, discount: Double,
        prioritization: PrioritizedReplayConfiguration?, largestPriority: Double
    ) {
        precondition(frameStack >= 1 && nStep >= 1, "frameStack and nStep must be at least 1")
        precondition((0...1).contains(discount), "the discount must be from 0 to 1")
        precondition(
            capacity >= Self.minimumCapacity(frameStack: frameStack, nStep: nStep),
            "the capacity must be at least 2 * frameStack + nStep + 1")
        self.capacity = capacity
        self.frameStack = frameStack
        self.nStep = nStep
        self.discount = discount
        let length = Self.chunkLength(bytesPerFrame: frame.byteCount)
        func ring(_ name: String, _ element: ElementType, shape: [Int] = []) -> ReplayRing {
            ReplayRing(name: name, element: element, shape: shape, capacity: capacity, chunkLength: length)
        }
        frames = ring("frames", frame.element, shape: frame.shape)
        actions = ring("actions", .int32)
        rewards = ring("rewards", .float32)
        flags = ring("flags", .uint8)
        priorities = prioritization.map {
            ReplayPriorities($0, capacity: capacity, chunkLength: length, largest: largestPriority)
        }
        blankFrame = .allocate(byteCount: frame.byteCount, alignment: 16)
        _ = blankFrame.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { blankFrame.deallocate() }

    /// Returns the smallest capacity: there is always a transition to sample once `nStep` steps have been added.
    ///
    /// The newest complete transition lies at most n + 1 slots behind the cursor: n − 1 incomplete transitions, a final
    /// observation and the transition itself. The frames of its observation take `frameStack` slots. Twice that leaves
    /// a choice of transitions.
    package static func minimumCapacity(frameStack: Int, nStep: Int = 1) -> Int { 2 * frameStack + nStep + 1 }

    /// Returns the number of slots of a chunk: 1024, or fewer if a chunk of frames would exceed 2 MiB.
    ///
    /// It depends on nothing else, so that the cursor alone determines which chunks are complete.
    package static func chunkLength(bytesPerFrame: Int) -> Int {
        var length = 1024
        while length > 16, length * bytesPerFrame > 1 << 21 { length /= 2 }
        return length
    }

    func flag(_ slot: Int) -> ReplayFlags { ReplayFlags(rawValue: flags.slots.value(slot, as: UInt8.self)) }
    func before(_ slot: Int) -> Int { slot == 0 ? capacity - 1 : slot - 1 }
    func after(_ slot: Int) -> Int { slot + 1 == capacity ? 0 : slot + 1 }
}
