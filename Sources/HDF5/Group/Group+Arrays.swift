extension HDF5.Group {
    /// Writes an array as a new contiguous dataset.
    ///
    /// - Parameter shape: the extents; by default one axis. Empty for a scalar, given as one value.
    /// - Throws: ``HDF5Error``, as ``createDataset(_:of:shape:layout:)`` and ``HDF5/Dataset/write(from:)``.
    public func write<Value: HDF5.Element>(
        _ values: [Value], to path: String, shape: [Int]? = nil
    ) throws(HDF5Error) {
        let dataset = try createDataset(path, of: Value.elementType, shape: shape ?? [values.count])
        var failure: HDF5Error?
        // `withUnsafeBytes` rethrows untyped, so that the error is carried out by hand.
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
    ///   - shape: the exact extents; `nil` takes any of at most `byteLimit` bytes.
    ///   - byteLimit: bytes allowed; checked before anything is allocated.
    /// - Throws: ``HDF5Error``, as ``openDataset(_:as:shape:allowing:byteLimit:)`` and
    ///   ``HDF5/Dataset/read(into:)``.
    public func read<Value: HDF5.Element>(
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

    /// Writes text as a new dataset of UTF-8 bytes: of any length, and readable in place everywhere.
    ///
    /// - Throws: ``HDF5Error``, as ``write(_:to:shape:)``.
    public func writeText(_ text: String, to path: String) throws(HDF5Error) { try write(Array(text.utf8), to: path) }

    /// Reads text from a dataset of UTF-8 bytes.
    ///
    /// - Parameter byteLimit: bytes allowed.
    /// - Throws: ``HDF5Error``, as ``read(_:as:shape:byteLimit:)``; `wrongType` when the bytes are not UTF-8 text
    ///   with one axis.
    public func readText(_ path: String, byteLimit: Int) throws(HDF5Error) -> String {
        let bytes = try read(path, as: UInt8.self, byteLimit: byteLimit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw HDF5Error(code: .wrongType, message: "The dataset /\(full(path)) is not UTF-8 text.")
        }
        return text
    }
}
