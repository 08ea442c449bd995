public import DQNModel
internal import DQNNetwork

/// Many observations in one call: their rows share each pass over the network's weights.
///
/// A batch is computed in passes of 1, 2, 4, … up to 64 observations; each thread that computes keeps the memory of each
/// size that it has needed: the network's input and activations of so many observations, and convolutions' weights in
/// the compute library's own layout. A size's first use sets it up, which for a convolutional network takes
/// milliseconds.
///
/// An observation's values do not depend on the others of its batch, but their last bits may depend on the size of the
/// pass and the place in it: compare values of different batches, or with ``actionValues(_:)``, within rounding.
extension Agent {
    /// For each observation, in order, the action that ``act(_:)`` takes; none for none.
    ///
    /// Allocates the array that it returns.
    /// - Throws: `ModelError` (`shapeMismatch`) when an observation has another shape or element type, before anything is
    ///   computed; `NetworkError` when the compute library refuses a batch size.
    public func actions(for observations: [Observation]) throws -> [Int] {
        var actions: [Int] = []
        actions.reserveCapacity(observations.count)
        try forEachActionValues(observations) { actions.append($0.indexOfMaximum) }
        return actions
    }

    /// For each observation, in order, the numbers that ``actionValues(_:)`` tells; none for none.
    ///
    /// Allocates the arrays that it returns.
    /// - Throws: as ``actions(for:)``.
    public func actionValues(for observations: [Observation]) throws -> [[Float]] {
        var values: [[Float]] = []
        values.reserveCapacity(observations.count)
        try forEachActionValues(observations) { values.append(Array($0)) }
        return values
    }

    private func forEachActionValues(
        _ observations: [Observation], _ body: (UnsafeBufferPointer<Float>) -> Void
    ) throws {
        for observation in observations { try requireShape(of: observation) }
        let (width, actionCount) = (architecture.outputCount, architecture.actionCount)
        var start = 0
        while start < observations.count {
            let pass = BatchPass(of: observations.count - start)
            try pool.withComputation(batchSize: pass.size) { computation in
                for row in 0..<pass.rows {
                    observations[start + row].withBytes { computation.load($0, row: row, offset: 0) }
                }
                let outputs = try computation.forward()
                for row in 0..<pass.rows {
                    body(UnsafeBufferPointer(rebasing: outputs[(row * width)..<(row * width + actionCount)]))
                }
            }
            start += pass.rows
        }
    }
}
