public import DQNModel
internal import Foundation

extension ReplayMemory {
    /// Whether a slot in use holds a transition that can be learnt from: its n steps, or its episode, are over, and all
    /// frames of its observation are still there.
    package func isSampleable(_ slot: Int) -> Bool {
        slot != cursor && !flag(slot).contains(.final) && hasWholeStack(slot) && hasWholeWindow(slot)
    }

    private func hasWholeStack(_ slot: Int) -> Bool {
        var earlier = slot
        for _ in 1..<frameStack {
            if flag(earlier).contains(.episodeStart) { return true }
            earlier = before(earlier)
            if earlier == cursor { return false }
        }
        return true
    }

    private func hasWholeWindow(_ slot: Int) -> Bool {
        let distance = cursor - slot
        if (distance < 0 ? distance + capacity : distance) >= nStep { return true }
        var later = slot
        while later != cursor {
            if !flag(later).isDisjoint(with: [.terminated, .truncated]) { return true }
            later = after(later)
        }
        return false
    }

    /// Whether there is a transition to sample. True for good once `nStep` steps have been added.
    ///
    /// Looks back from the cursor for the newest transition whose steps are over. If a frame of that one's stack was
    /// overwritten, then so was one of every older transition's, since they lie between it and the cursor's slot
    /// without an episode's start; it alone decides. Costs a look at no more than `nStep + frameStack + 1` slots.
    public var canSample: Bool {
        if let priorities { return priorities.total > 0 }
        var slot = cursor
        for _ in 0..<(cursor < count ? count - 1 : count) {
            slot = before(slot)
            if !flag(slot).contains(.final), hasWholeWindow(slot) { return hasWholeStack(slot) }
        }
        return false
    }

    /// Draws a transition, uniformly or by priority.
    ///
    /// - Precondition: ``canSample``.
    package func draw(_ generator: inout RandomGenerator) -> Int {
        if let priorities {
            precondition(priorities.total > 0, "the replay has no transition to sample yet; ask canSample")
            return priorities.draw(&generator)
        }
        return drawUniformly(&generator)
    }

    private func drawUniformly(_ generator: inout RandomGenerator) -> Int {
        precondition(count > 0, "the replay is empty")
        while true {
            let slot = generator.integer(below: count)
            if isSampleable(slot) { return slot }
            // Only reached when a draw was in vain, so that asking costs nothing as a rule, and never goes on for ever.
            precondition(canSample, "the replay has no transition to sample yet; ask canSample")
        }
    }

    /// Draws a mini-batch: one transition after another from a uniform replay, one from each of equal parts of the sum
    /// of priorities from a prioritized one (Schaul 2016, appendix B.2.1). Allocates nothing.
    ///
    /// The importance weights correct the prioritized draw (section 3.4): w = (N · P)^−β, divided by the largest in the
    /// mini-batch, so that they only ever scale a loss down. N cancels: w = (p_min / p)^β with p the leaf of the
    /// transition and p_min the smallest leaf of the mini-batch.
    ///
    /// - Parameters:
    ///   - batch: initialised memory, one row a transition.
    ///   - beta: β, from 0 (no correction) to 1 (full); annealed by the caller. Of no effect in a uniform replay.
    /// - Precondition: ``canSample``.
    public func sample(
        into batch: UnsafeMutableBufferPointer<SampledTransition>, beta: Double, _ generator: inout RandomGenerator
    ) {
        guard let priorities else {
            for row in batch.indices { batch[row] = transition(drawUniformly(&generator)) }
            return
        }
        precondition(priorities.total > 0, "the replay has no transition to sample yet; ask canSample")
        var smallest = Double.infinity
        priorities.draw(rows: batch.count, &generator) { row, slot in
            batch[row] = transition(slot)
            smallest = min(smallest, priorities.leaf(slot))
        }
        for row in batch.indices {
            batch[row].importanceWeight = Float(pow(smallest / priorities.leaf(batch[row].slot), beta))
        }
    }

    /// What a slot's transition is, with the discounted rewards of its n steps, or of as many as its episode had left,
    /// summed in double precision.
    package func transition(_ slot: Int) -> SampledTransition {
        // −0 is what a sum starts from without changing the sign of a first −0.
        var sum = -0.0
        var weight = 1.0
        var current = slot
        for _ in 0..<nStep {
            sum += weight * Double(reward(current))
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
            slot: slot, action: action(slot), reward: Float(sum), bootstrapSlot: current,
            bootstrapDiscount: Float(weight))
    }

    /// Takes the temporal-difference error of a transition that was learnt from, which decides how often it is drawn
    /// from now on; does nothing in a uniform replay. Allocates nothing.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) when the error is not finite.
    public func updatePriority(_ slot: Int, error: Float) throws(TrainingError) {
        guard error.isFinite else {
            throw TrainingError(
                code: .runFailed,
                message: "The temporal-difference error of a transition is \(error), no number to sample by; use a "
                    + "smaller learning rate or clip gradients.")
        }
        priorities?.update(slot, error: error)
    }

    /// The largest |δ| + ε so far, which new transitions are given; 1 before any error is known and in a uniform replay.
    public var largestPriority: Double { priorities?.largest ?? 1 }
}
