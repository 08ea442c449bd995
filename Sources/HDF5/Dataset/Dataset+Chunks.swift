internal import CHDF5

extension HDF5.Dataset {
    /// Writes one chunk's bytes unchanged, already filtered by the caller, past the library's cache.
    ///
    /// - Parameters:
    ///   - offset: the chunk's first element, a multiple of the chunk's extents.
    ///   - bytes: the chunk's bytes in the file.
    ///   - skippedFilters: a bit for each filter that the caller did not apply, the lowest for the first filter.
    /// - Throws: ``HDF5Error``: `wrongShape` for an offset of another rank, `callFailed`.
    package func writeChunk(
        at offset: [Int], from bytes: UnsafeRawBufferPointer, skippedFilters: UInt32 = 0
    ) throws(HDF5Error) {
        let offsets = try chunkOffset(offset)
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            throw HDF5Error(code: .wrongShape, message: "A chunk of /\(path) must not be empty.")
        }
        try Library.check(
            H5Dwrite_chunk(handle.id, chdf5_default_list(), skippedFilters, offsets, bytes.count, base),
            "H5Dwrite_chunk", "The chunk at \(offset) of /\(path) could not be written.")
    }

    /// Size of a chunk in the file; 0 if it was never written.
    ///
    /// - Throws: ``HDF5Error``: `wrongShape`, `callFailed`.
    package func chunkByteCount(at offset: [Int]) throws(HDF5Error) -> Int {
        let offsets = try chunkOffset(offset)
        var size: hsize_t = 0
        try Library.check(
            H5Dget_chunk_storage_size(handle.id, offsets, &size), "H5Dget_chunk_storage_size",
            "The chunk at \(offset) of /\(path) could not be found.")
        return Int(clamping: size)
    }

    /// Reads one chunk's bytes as stored in the file, without undoing filters.
    ///
    /// - Parameter limit: the maximum number of bytes.
    /// - Returns: the bytes, and the filters that were skipped when they were written.
    /// - Throws: ``HDF5Error``: `objectMissing` if the chunk was never written, `limitExceeded`, `wrongShape`,
    ///   `callFailed`.
    package func readChunk(at offset: [Int], limit: Int) throws(HDF5Error) -> (bytes: [UInt8], skippedFilters: UInt32) {
        let size = try chunkByteCount(at: offset)
        guard size > 0 else {
            throw HDF5Error(code: .objectMissing, message: "/\(path) has no chunk at \(offset).")
        }
        guard size <= limit else {
            throw HDF5Error(
                code: .limitExceeded,
                message: "The chunk at \(offset) of /\(path) has \(size) bytes; at most \(limit) are allowed.")
        }
        var bytes = [UInt8](repeating: 0, count: size)
        var filters: UInt32 = 0
        try Library.check(
            H5Dread_chunk(handle.id, chdf5_default_list(), try chunkOffset(offset), &filters, &bytes),
            "H5Dread_chunk", "The chunk at \(offset) of /\(path) could not be read.")
        return (bytes, filters)
    }

    private func chunkOffset(_ offset: [Int]) throws(HDF5Error) -> [hsize_t] {
        guard offset.count == shape.count, zip(offset, shape).allSatisfy({ $0 >= 0 && $0 < $1 }) else {
            throw HDF5Error(
                code: .wrongShape, message: "\(offset) is outside /\(path), whose shape is \(shape).")
        }
        return offset.map(hsize_t.init)
    }
}
