public import DQNModel
public import DQNNetwork
internal import Foundation

extension ReplayMemory {
    /// Whether there is a transition to sample. Always true once `nStep` steps have been added.
    ///
    /// The newest complete transition decides: if a frame of its stack was overwritten, every older transition has lost
    /// a frame too, as no episode starts between them. Looks at no more than `nStep + frameStack + 1` slots.
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

    @inline(__always)
    private func drawUniformly(_ reader: ReplayReader, of count: Int, _ generator: inout RandomGenerator) -> Int {
        precondition(count > 0, "the replay is empty")
        while true {
            let slot = generator.integer(below: count)
            if reader.isSampleable(slot) { return slot }
            // Checked only after a failed draw, so that it usually costs nothing, and the loop still ends.
            precondition(canSample, "the replay has no transition to sample yet; check canSample")
        }
    }

    /// Samples a mini-batch. Allocates nothing.
    ///
    /// A uniform replay draws its transitions independently. A prioritized replay divides the sum of priorities into
    /// equal parts and draws one transition from each (Schaul 2016, appendix B.2.1).
    ///
    /// The importance weights correct for prioritized sampling (section 3.4): w = (N · P)^−β, divided by the largest
    /// weight of the mini-batch, so that they never increase a loss. N cancels out: w = (p_min / p)^β, where p is the
    /// priority of the transition and p_min the smallest in the mini-batch.
    ///
    /// - Parameters:
    ///   - batch: Initialised memory with one row per transition.
    ///   - beta: β, from 0 (no correction) to 1 (full correction), which the caller anneals. A uniform replay ignores
    ///     it.
    ///   - generator: The random stream of the sampling.
    /// - Precondition: ``canSample``.
    public func sample(
        into batch: UnsafeMutableBufferPointer<SampledTransition>, beta: Double, _ generator: inout RandomGenerator
    ) {
        let reader = reader
        guard let priorities else {
            let count = count
            // A local copy stays in registers; through `inout` each draw would wait for memory.
            var stream = generator
            for row in batch.indices { batch[row] = reader.transition(drawUniformly(reader, of: count, &stream)) }
            generator = stream
            return
        }
        precondition(priorities.total > 0, "the replay has no transition to sample yet; check canSample")
        var smallest = Double.infinity
        priorities.draw(rows: batch.count, &generator) { row, slot in
            batch[row] = reader.transition(slot)
            smallest = min(smallest, priorities.leaf(slot))
        }
        for row in batch.indices {
            batch[row].importanceWeight = Float(pow(smallest / priorities.leaf(batch[row].slot), beta))
        }
    }

    /// Loads the observation of a slot, with all its frames, into a row of a network's input.
    ///
    /// - Parameters:
    ///   - slot: A slot of a ``SampledTransition``.
    ///   - computation: The computation that receives the observation.
    ///   - row: The row of its batch.
    ///   - elementsPerFrame: The number of elements of a single frame.
    public func load(_ slot: Int, into computation: any NetworkComputation, row: Int, elementsPerFrame: Int) {
        reader.load(slot, into: computation, row: row, elementsPerFrame: elementsPerFrame)
    }

    /// Sets the priority of a sampled transition from its temporal-difference error. Does nothing in a uniform replay.
    /// Allocates nothing.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) if the error is NaN or infinite.
    public func updatePriority(_ slot: Int, error: Float) throws(TrainingError) {
        guard error.isFinite else {
            throw TrainingError(
                code: .runFailed,
                message:
                    "The temporal-difference error of a transition is \(error), but priorities must be finite; lower "
                    + "learning_rate or max_gradient_norm.")
        }
        priorities?.update(slot, error: error)
    }

    /// The largest |δ| + ε so far, which new transitions get; 1 before the first error and in a uniform replay.
    package var largestPriority: Double { priorities?.largest ?? 1 }
}
