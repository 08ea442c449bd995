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

    /// The elements row-major, if those of this tensor are column-major.
    var fromFortran: ForeignTensor {
        guard shape.count > 1, count > 0 else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        // The steps between elements along each axis.
        var steps = [1]
        for extent in shape.dropLast() { steps.append((steps.last ?? 1) * extent) }
        var index = [Int](repeating: 0, count: shape.count)
        for _ in 0..<count {
            let place = bytes.startIndex + zip(index, steps).reduce(0) { $0 + $1.0 * $1.1 } * element.byteCount
            result += bytes[place..<(place + element.byteCount)]
            for axis in index.indices.reversed() {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
            }
        }
        return ForeignTensor(element, shape, unchecked: result[...])
    }
}
