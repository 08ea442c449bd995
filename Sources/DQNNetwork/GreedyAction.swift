extension UnsafeBufferPointer<Float> {
    /// The index of the largest of at least one Q-value: the greedy action. Ties go to the lowest index.
    public var indexOfMaximum: Int {
        var best = 0
        for index in indices where self[index] > self[best] { best = index }
        return best
    }
}
