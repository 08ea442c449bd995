public import DQNModel
internal import DQNNetwork

/// Many observations per call share each pass over the network's weights.
///
/// A batch is computed in passes of 1, 2, 4, … up to 64 observations. Each computation keeps the memory of every pass size
/// that it has used: input and activations, and for convolutions the weights in the compute library's layout. The first
/// use of a size sets it up, which takes milliseconds for a convolutional network.
///
/// An observation's values do not depend on the rest of its batch, but their last bits may depend on the size of the
/// pass and the row. Compare values of different batches, or of a batch and a single observation, within rounding.
extension Agent {
    /// Returns the action of each observation, in order, as ``action(for:)`` does.
    ///
    /// Allocates the returned array.
    /// - Throws: the errors of ``action(for:)``. All shapes are checked before anything is computed.
    public func actions(for observations: [Observation]) throws(ModelError) -> [Int] {
        var actions: [Int] = []
        actions.reserveCapacity(observations.count)
        try forEachActionValues(observations) { actions.append($0.indexOfMaximum) }
        return actions
    }

    /// Returns the action values of each observation, in order.
    ///
    /// Allocates the returned arrays.
    /// - Throws: the errors of ``actions(for:)``.
    public func actionValues(for observations: [Observation]) throws(ModelError) -> [[Float]] {
        var values: [[Float]] = []
        values.reserveCapacity(observations.count)
        try forEachActionValues(observations) { values.append(Array($0)) }
        return values
    }

    private func forEachActionValues(
        _ observations: [Observation], _ body: (UnsafeBufferPointer<Float>) -> Void
    ) throws(ModelError) {
        for observation in observations { try requireShape(of: observation) }
        var start = 0
        while start < observations.count {
            let pass = BatchPass(of: observations.count - start)
            try withComputation(batchSize: pass.size) { computation throws(NetworkError) in
                for row in 0..<pass.rows {
                    observations[start + row].withBytes { computation.load($0, row: row, offset: 0) }
                }
                let outputs = try computation.forward()
                for row in 0..<pass.rows { withActionValues(ofRow: row, outputs, body) }
            }
            start += pass.rows
        }
    }
}
