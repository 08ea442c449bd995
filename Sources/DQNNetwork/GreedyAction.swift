extension UnsafeBufferPointer<Float> {
    /// The index of the largest value, such as the greedy action of Q-values. Ties go to the lowest index.
    ///
    /// - Precondition: There is at least one value.
    public var indexOfMaximum: Int {
        var best = 0
        for index in indices where self[index] > self[best] { best = index }
        return best
    }

    /// The index of the largest allowed value. Ties go to the lowest index.
    ///
    /// - Parameter mask: A byte per value, 0 if it is not allowed; `nil` allows all.
    package func indexOfMaximum(allowing mask: UnsafeRawBufferPointer?) -> Int {
        guard let mask else { return indexOfMaximum }
        precondition(mask.count == count, "a mask has one entry per value")
        var best: Int?
        for index in indices where mask[index] != 0 {
            if let largest = best, !(self[index] > self[largest]) { continue }
            best = index
        }
        return best ?? indexOfMaximum
    }
}
