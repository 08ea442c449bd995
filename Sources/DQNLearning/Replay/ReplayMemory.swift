public import DQNModel

/// The replay memory of DQN (Lin 1992, Mnih 2013): a ring of steps, sampled uniformly or by priority (Schaul 2016).
///
/// Observations are kept as single frames, once each; stacks are put together when sampled, and so are n-step returns
/// (Sutton 1988; with replay: Hessel 2018). A slot holds the newest frame of an observation and, after the next step,
/// what was done there and what came of it. An episode that was truncated takes one slot more, for the observation to
/// bootstrap from. See ``DQNModel/ReplaySnapshot``.
///
/// Not thread-safe; each worker has its own. Adding and sampling allocate nothing once the ring is full and no snapshot
/// shares its chunks.
public final class ReplayMemory {
    /// Slots of the ring.
    public let capacity: Int
    /// Slots written so far.
    public internal(set) var count = 0
    /// The slot of the newest observation; between two episodes, the slot that the next one's first will take.
    package internal(set) var cursor = 0
    /// Whether the cursor's slot holds an observation that a step can be taken from.
    var isOpen = false
    let frameStack: Int
    let nStep: Int
    let discount: Double
    let frames: ReplayRing
    let actions: ReplayRing
    let rewards: ReplayRing
    let flags: ReplayRing
    let priorities: ReplayPriorities?
    /// What stands for the frames before an episode's first.
    let blankFrame: UnsafeMutableRawBufferPointer

    /// Creates an empty replay.
    ///
    /// - Parameters:
    ///   - capacity: slots; at least ``minimumCapacity(frameStack:nStep:)``.
    ///   - frame: the space of a single frame.
    ///   - frameStack: frames that an observation is stacked of.
    ///   - nStep: steps whose rewards are taken together, fewer at an episode's end.
    ///   - discount: γ, from 0 to 1.
    ///   - prioritization: constants of prioritized sampling; `nil` samples uniformly.
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
        precondition(frameStack >= 1 && nStep >= 1, "a replay stacks at least one frame and looks at least one step on")
        precondition((0...1).contains(discount), "a discount is from 0 to 1")
        precondition(
            capacity >= Self.minimumCapacity(frameStack: frameStack, nStep: nStep), "a replay too small to sample from")
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

    /// A capacity that always has a transition to sample once `nStep` steps have been added.
    ///
    /// The newest transition whose n steps are over, or whose episode is, lies at most n + 1 slots behind the cursor (n
    /// − 1 slots whose steps are not over, a final observation, itself), and the frames of its observation take
    /// `frameStack` slots. Twice the stack leaves some choice.
    public static func minimumCapacity(frameStack: Int, nStep: Int = 1) -> Int { 2 * frameStack + nStep + 1 }

    /// Slots of a chunk: 1024, or as many as keep a chunk of frames within 2 MiB. Depends on nothing else, so the
    /// chunks' boundaries follow from the cursor alone.
    package static func chunkLength(bytesPerFrame: Int) -> Int {
        var length = 1024
        while length > 16, length * bytesPerFrame > 1 << 21 { length /= 2 }
        return length
    }

    func flag(_ slot: Int) -> ReplayFlags { ReplayFlags(rawValue: flags.slots.value(slot, as: UInt8.self)) }
    func before(_ slot: Int) -> Int { slot == 0 ? capacity - 1 : slot - 1 }
    func after(_ slot: Int) -> Int { slot + 1 == capacity ? 0 : slot + 1 }
}
