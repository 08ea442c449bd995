public import DQNModel
internal import Foundation

extension ReplayMemory {
    /// Whether a slot in use holds a transition that can be learnt from: its n steps, or its episode, are over, and all
    /// frames of its observation are still there.
    package func isSampleable(_ slot: Int) -> Bool { reader.isSampleable(slot) }

    /// Whether there is a transition to sample. True for good once `nStep` steps have been added.
    ///
    /// Looks back from the cursor for the newest transition whose steps are over. If a frame of that one's stack was
    /// overwritten, then so was one of every older transition's, since they lie between it and the cursor's slot
    /// without an episode's start; it alone decides. Costs a look at no more than `nStep + frameStack + 1` slots.
    public var canSample: Bool {
        if let priorities { return priorities.total > 0 }
        let reader = reader
        var slot = cursor
        for _ in 0..<(cursor < count ? count - 1 : count) {
            slot = before(slot)
            if !reader.flag(slot).contains(.final), reader.hasWholeWindow(slot) { return reader.hasWholeStack(slot) }
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
        return drawUniformly(reader, of: count, &generator)
    }

    @inline(__always)
    private func drawUniformly(_ reader: ReplayReader, of count: Int, _ generator: inout RandomGenerator) -> Int {
        precondition(count > 0, "the replay is empty")
        while true {
            let slot = generator.integer(below: count)
            if reader.isSampleable(slot) { return slot }
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
        let reader = reader
        guard let priorities else {
            let count = count
            // The stream in a place of the processor's own: behind `inout` each draw would wait for memory.
            var stream = generator
            for row in batch.indices { batch[row] = reader.transition(drawUniformly(reader, of: count, &stream)) }
            generator = stream
            return
        }
        precondition(priorities.total > 0, "the replay has no transition to sample yet; ask canSample")
        var smallest = Double.infinity
        priorities.draw(rows: batch.count, &generator) { row, slot in
            batch[row] = reader.transition(slot)
            smallest = min(smallest, priorities.leaf(slot))
        }
        for row in batch.indices {
            batch[row].importanceWeight = Float(pow(smallest / priorities.leaf(batch[row].slot), beta))
        }
    }

    /// What a slot's transition is, with the discounted rewards of its n steps, or of as many as its episode had left,
    /// summed in double precision.
    package func transition(_ slot: Int) -> SampledTransition { reader.transition(slot) }

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
