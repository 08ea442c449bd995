internal import CDeflate
internal import DQNModel

/// Compresses whole buffers into zlib's format, which HDF5's deflate filter reads. Not thread-safe.
struct Compressor: ~Copyable {
    // Made here, freed here, used by nobody else.
    private let handle: OpaquePointer

    /// - Parameter level: 1 (fast) to 12 (small).
    init(level: Int) throws(CheckpointError) {
        guard let handle = libdeflate_alloc_compressor(Int32(level)) else {
            throw CheckpointError(code: .inputOutput, message: "There is no memory for a compressor.")
        }
        self.handle = handle
    }

    deinit { libdeflate_free_compressor(handle) }

    /// The compressed bytes; `nil` where they would not be fewer.
    func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        let room = bytes.count - 1
        guard room > 0 else { return nil }
        let compressed = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = libdeflate_zlib_compress(handle, bytes.baseAddress, bytes.count, buffer.baseAddress, room)
        }
        return compressed.isEmpty ? nil : Self.trimmed(compressed)
    }

    // An array made with room for the worst keeps that room.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}

/// Undoes a ``Compressor``. Not thread-safe.
struct Decompressor: ~Copyable {
    private let handle: OpaquePointer

    init() throws(CheckpointError) {
        guard let handle = libdeflate_alloc_decompressor() else {
            throw CheckpointError(code: .inputOutput, message: "There is no memory for a decompressor.")
        }
        self.handle = handle
    }

    deinit { libdeflate_free_decompressor(handle) }

    /// Fills a buffer exactly; whether the compressed bytes were whole, and gave exactly so many.
    func decompress(_ compressed: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var used = 0
        // Without a place for the number of bytes written, fewer than asked for are an error.
        let result = libdeflate_zlib_decompress_ex(
            handle, compressed.baseAddress, compressed.count, buffer.baseAddress, buffer.count, &used, nil)
        return result == LIBDEFLATE_SUCCESS && used == compressed.count
    }
}
