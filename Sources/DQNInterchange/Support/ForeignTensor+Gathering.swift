extension ForeignTensor {
    /// Returns elements row-major that lie apart.
    ///
    /// - Precondition: All places that the shape and the strides give lie within the bytes, the shape has no extent of 0,
    ///   and strides are at least 0 and 0 along axes of one element.
    /// - Parameters:
    ///   - offset: The place of the first element, in elements.
    ///   - strides: The distance of neighbours along each axis, in elements.
    static func gathered(
        _ bytes: ArraySlice<UInt8>, elementBytes: Int, from offset: Int, _ shape: [Int], _ strides: [Int]
    ) -> [UInt8] {
        let count = shape.reduce(1, *)
        return [UInt8](unsafeUninitializedCapacity: count * elementBytes) { target, initialized in
            var index = [Int](repeating: 0, count: shape.count)
            var place = offset
            for element in 0..<count {
                let start = bytes.startIndex + place * elementBytes
                for byte in 0..<elementBytes { target[element * elementBytes + byte] = bytes[start + byte] }
                for axis in shape.indices.reversed() {
                    index[axis] += 1
                    place += strides[axis]
                    if index[axis] < shape[axis] { break }
                    place -= strides[axis] * shape[axis]
                    index[axis] = 0
                }
            }
            initialized = count * elementBytes
        }
    }

    /// Creates a tensor from elements in Fortran's order: the first axis is the one whose neighbours are adjacent.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) unless the bytes are those of the shape.
    static func fortran(
        _ element: Element, _ shape: [Int], _ bytes: ArraySlice<UInt8>, _ name: String
    ) throws(InterchangeError) -> ForeignTensor {
        let stored = try ForeignTensor(element, shape, bytes, name)
        guard stored.count > 0, shape.count > 1 else { return stored }
        var strides: [Int] = []
        var stride = 1
        for extent in shape {
            strides.append(extent == 1 ? 0 : stride)
            stride *= extent
        }
        let gathered = gathered(bytes, elementBytes: element.byteCount, from: 0, shape, strides)
        return try ForeignTensor(element, shape, gathered[...], name)
    }
}
