internal import DQNModel
internal import DQNNetwork

/// A replay as it is read for one mini-batch: plain addresses and numbers, taken once, so that reading a transition costs
/// neither reference counting nor access checks, and the processor may fetch those of several rows at once.
///
/// Valid until the next step is added.
struct ReplayReader {
    private let frames: ReplaySlots
    private let actions: ReplaySlots
    private let rewards: ReplaySlots
    private let flags: ReplaySlots
    private let blankFrame: UnsafeRawBufferPointer
    private let capacity: Int
    private let cursor: Int
    private let frameStack: Int
    private let nStep: Int
    private let discount: Double

    fileprivate init(_ replay: ReplayMemory) {
        frames = replay.frames.slots
        actions = replay.actions.slots
        rewards = replay.rewards.slots
        flags = replay.flags.slots
        blankFrame = UnsafeRawBufferPointer(replay.blankFrame)
        capacity = replay.capacity
        cursor = replay.cursor
        frameStack = replay.frameStack
        nStep = replay.nStep
        discount = replay.discount
    }

    @inline(__always)
    func flag(_ slot: Int) -> ReplayFlags { ReplayFlags(rawValue: flags.value(slot, as: UInt8.self)) }

    @inline(__always)
    private func before(_ slot: Int) -> Int { slot == 0 ? capacity - 1 : slot - 1 }

    @inline(__always)
    private func after(_ slot: Int) -> Int { slot + 1 == capacity ? 0 : slot + 1 }

    /// Whether a slot in use holds a transition that can be learnt from: its n steps, or its episode, are over, and all
    /// frames of its observation are still there.
    @inline(__always)
    func isSampleable(_ slot: Int) -> Bool {
        slot != cursor && !flag(slot).contains(.final) && hasWholeStack(slot) && hasWholeWindow(slot)
    }

    func hasWholeStack(_ slot: Int) -> Bool {
        var earlier = slot
        for _ in 1..<frameStack {
            if flag(earlier).contains(.episodeStart) { return true }
            earlier = before(earlier)
            if earlier == cursor { return false }
        }
        return true
    }

    func hasWholeWindow(_ slot: Int) -> Bool {
        let distance = cursor - slot
        if (distance < 0 ? distance + capacity : distance) >= nStep { return true }
        var later = slot
        while later != cursor {
            if !flag(later).isDisjoint(with: [.terminated, .truncated]) { return true }
            later = after(later)
        }
        return false
    }

    /// What a slot's transition is, with the discounted rewards of its n steps, or of as many as its episode had left,
    /// summed in double precision.
    @inline(__always)
    func transition(_ slot: Int) -> SampledTransition {
        // −0 is what a sum starts from without changing the sign of a first −0.
        var sum = -0.0
        var weight = 1.0
        var current = slot
        for _ in 0..<nStep {
            sum += weight * Double(rewards.value(current, as: Float.self))
            weight *= discount
            let outcome = flag(current)
            if outcome.contains(.terminated) {
                weight = 0
                current = slot
                break
            }
            current = after(current)
            if outcome.contains(.truncated) { break }
        }
        return SampledTransition(
            slot: slot, action: actions.value(slot, as: Int32.self), reward: Float(sum), bootstrapSlot: current,
            bootstrapDiscount: Float(weight))
    }

    /// Puts the observation of a slot, all its frames, into a row of a network's input.
    func load(_ slot: Int, into computation: any NetworkComputation, row: Int, elementsPerFrame: Int) {
        var position = frameStack - 1
        var current = slot
        while true {
            computation.load(frames.bytes(current), row: row, offset: position * elementsPerFrame)
            if position == 0 { return }
            position -= 1
            if flag(current).contains(.episodeStart) { break }
            current = before(current)
        }
        for earlier in 0...position { computation.load(blankFrame, row: row, offset: earlier * elementsPerFrame) }
    }
}

extension ReplayMemory {
    /// The replay as it is now, for reading.
    var reader: ReplayReader { ReplayReader(self) }
}
