extension UnsafeBufferPointer<Float> {
    /// The index of the largest value, such as the greedy action of Q-values. Ties go to the lowest index.
    ///
    /// - Precondition: There is at least one value.
    public var indexOfMaximum: Int {
        var best = 0
        for index in indices where self[index] > self[best] { best = index }
        return best
    }
}
