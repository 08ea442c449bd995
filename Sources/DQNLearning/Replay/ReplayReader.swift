internal import DQNModel
internal import DQNNetwork

/// Reads a replay for one mini-batch.
///
/// It holds plain addresses and numbers: reading a transition needs no reference counting and no exclusivity checks,
/// and the processor can fetch several rows at once. Valid until the next step is added.
package struct ReplayReader {
    private let frames: ReplaySlots
    private let actions: ReplaySlots
    private let rewards: ReplaySlots
    private let flags: ReplaySlots
    private let masks: ReplaySlots?
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
        masks = replay.masks?.slots
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

    /// Whether a slot in use holds a transition that can be sampled: it is complete, as n steps have been taken or the
    /// episode has ended, and no frame of its observation was overwritten.
    @inline(__always)
    package func isSampleable(_ slot: Int) -> Bool {
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
            if flag(later).endsEpisode { return true }
            later = after(later)
        }
        return false
    }

    /// Returns the transition of a slot. Its n rewards, or fewer at an episode's end, are summed in double precision.
    @inline(__always)
    package func transition(_ slot: Int) -> SampledTransition {
        // −0 is the neutral element: it preserves the sign of a first reward of −0.
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

    /// Returns the action mask of the observation that a transition is bootstrapped from, a byte per action; `nil` if all
    /// are allowed. Valid until the next step is added.
    @inline(__always)
    package func bootstrapMask(_ transition: SampledTransition) -> UnsafeRawBufferPointer? {
        masks == nil || transition.bootstrapDiscount == 0 ? nil : maskAfter(before(transition.bootstrapSlot))
    }

    /// Returns the action mask of a slot's observation; `nil` if all are allowed, and for the first one of an episode and
    /// of the ring, whose masks are not stored.
    package func mask(_ slot: Int) -> UnsafeRawBufferPointer? {
        if masks == nil || flag(slot).contains(.episodeStart) || before(slot) == cursor { return nil }
        return maskAfter(before(slot))
    }

    private func maskAfter(_ slot: Int) -> UnsafeRawBufferPointer? {
        // Zeros restrict nothing.
        guard let mask = masks?.bytes(slot), mask.contains(where: { $0 != 0 }) else { return nil }
        return mask
    }

    /// Returns the slot and the action of a later step of the return that begins at a slot; `nil` if the episode ended
    /// before it.
    func step(_ index: Int, from slot: Int) -> (slot: Int, action: Int)? {
        var current = slot
        for _ in 0..<index {
            if flag(current).endsEpisode { return nil }
            current = after(current)
        }
        // No action was taken at the observation after an episode.
        let action = Int(actions.value(current, as: Int32.self))
        return action < 0 ? nil : (current, action)
    }

    /// Loads the observation of a slot, with all its frames, into a row of a network's input.
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
    /// A reader of the current contents.
    package var reader: ReplayReader { ReplayReader(self) }
}
