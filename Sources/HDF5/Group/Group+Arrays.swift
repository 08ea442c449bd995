extension HDF5.Group {
    /// Writes an array as a new contiguous dataset.
    ///
    /// - Parameter shape: the extents; one axis by default; empty for a scalar, which is one value.
    /// - Throws: ``HDF5Error``, as ``createDataset(_:of:shape:layout:)`` and ``HDF5/Dataset/write(from:)``.
    package func write<Value: HDF5.Element>(
        _ values: [Value], to path: String, shape: [Int]? = nil
    ) throws(HDF5Error) {
        let dataset = try createDataset(path, of: Value.elementType, shape: shape ?? [values.count])
        var failure: HDF5Error?
        // `withUnsafeBytes` rethrows untyped errors.
        values.withUnsafeBytes { bytes in
            do throws(HDF5Error) { try dataset.write(from: bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try dataset.close()
    }

    /// Reads a whole contiguous dataset.
    ///
    /// - Parameters:
    ///   - type: the exact type of its elements.
    ///   - shape: the exact extents; `nil` for any extents of at most `byteLimit` bytes.
    ///   - byteLimit: the maximum number of bytes; checked before anything is allocated.
    /// - Throws: ``HDF5Error``, as ``openDataset(_:as:shape:allowing:byteLimit:)`` and
    ///   ``HDF5/Dataset/read(into:)``.
    package func read<Value: HDF5.Element>(
        _ path: String, as type: Value.Type, shape: [Int]? = nil, byteLimit: Int = 1 << 36
    ) throws(HDF5Error) -> [Value] {
        let dataset = try openDataset(path, as: Value.elementType, shape: shape, byteLimit: byteLimit)
        var failure: HDF5Error?
        let values = [Value](unsafeUninitializedCapacity: dataset.count) { buffer, count in
            let wanted = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: dataset.byteCount)
            do throws(HDF5Error) {
                try dataset.read(into: wanted)
                count = dataset.count
            } catch { failure = error }
        }
        if let failure { throw failure }
        try dataset.close()
        return values
    }
}
