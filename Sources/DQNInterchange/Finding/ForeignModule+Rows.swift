internal import DQNModel

extension ForeignModule {
    /// A layer that gives some of this one's outputs.
    func rows(_ range: Range<Int>) -> ForeignModule {
        var part = self
        part.weight = weight?.rows(range)
        part.bias = bias?.rows(range)
        return part
    }
}

extension ForeignTensor {
    /// The elements of some places of the first axis.
    func rows(_ range: Range<Int>) -> ForeignTensor {
        let size = (count / (shape.first ?? 1)) * element.byteCount
        let start = bytes.startIndex
        return ForeignTensor(
            element, [range.count] + shape.dropFirst(),
            unchecked: bytes[(start + range.lowerBound * size)..<(start + range.upperBound * size)])
    }

    /// The same elements along one axis.
    var flattened: ForeignTensor { ForeignTensor(element, [count], unchecked: bytes) }
}
