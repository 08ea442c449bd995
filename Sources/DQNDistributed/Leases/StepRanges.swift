/// Agent steps, by their indices over all workers, that nobody is taking: ranges in order that do not touch.
package struct StepRanges: Sendable, Equatable {
    package private(set) var ranges: [Range<Int>] = []

    package init() {}

    /// The number of steps.
    package var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// Adds steps, none of which may be in it.
    package mutating func insert(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let index = ranges.firstIndex { $0.lowerBound >= range.lowerBound } ?? ranges.endIndex
        precondition(
            (index == ranges.startIndex || ranges[index - 1].upperBound <= range.lowerBound)
                && (index == ranges.endIndex || range.upperBound <= ranges[index].lowerBound),
            "steps cannot be returned twice")
        ranges.insert(range, at: index)
        if index + 1 < ranges.count, ranges[index].upperBound == ranges[index + 1].lowerBound {
            ranges[index] = ranges[index].lowerBound..<ranges.remove(at: index + 1).upperBound
        }
        if index > 0, ranges[index - 1].upperBound == ranges[index].lowerBound {
            ranges[index - 1] = ranges[index - 1].lowerBound..<ranges.remove(at: index).upperBound
        }
    }

    /// Removes the first steps, which are contiguous.
    ///
    /// - Returns: at most so many; `nil` if there are none.
    package mutating func removeFirst(atMost most: Int) -> Range<Int>? {
        guard most > 0, let first = ranges.first else { return nil }
        let taken = first.lowerBound..<min(first.upperBound, first.lowerBound + most)
        if taken == first { ranges.removeFirst() } else { ranges[0] = taken.upperBound..<first.upperBound }
        return taken
    }
}
