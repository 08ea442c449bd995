internal import CDeflate
internal import DQNModel

/// Compresses whole buffers to the zlib format, which HDF5's deflate filter reads. Not thread-safe.
struct Compressor: ~Copyable {
    // Owned by this value alone.
    private let handle: OpaquePointer

    /// - Parameter level: 1 (fast) to 12 (small).
    init(level: Int) throws(CheckpointError) {
        guard let handle = libdeflate_alloc_compressor(Int32(level)) else {
            throw CheckpointError(code: .inputOutput, message: "Not enough memory for a compressor.")
        }
        self.handle = handle
    }

    deinit { libdeflate_free_compressor(handle) }

    /// Returns the compressed bytes; `nil` if they would not be fewer.
    func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        let room = bytes.count - 1
        guard room > 0 else { return nil }
        let compressed = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = libdeflate_zlib_compress(handle, bytes.baseAddress, bytes.count, buffer.baseAddress, room)
        }
        return compressed.isEmpty ? nil : Self.trimmed(compressed)
    }

    // The array would otherwise keep its capacity for the worst case.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}

/// Decompresses the zlib format. Not thread-safe.
struct Decompressor: ~Copyable {
    private let handle: OpaquePointer

    init() throws(CheckpointError) {
        guard let handle = libdeflate_alloc_decompressor() else {
            throw CheckpointError(code: .inputOutput, message: "Not enough memory for a decompressor.")
        }
        self.handle = handle
    }

    deinit { libdeflate_free_decompressor(handle) }

    /// Decompresses into a buffer; returns whether the compressed bytes are valid and fill the buffer exactly.
    func decompress(_ compressed: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var used = 0
        // Without an output parameter for the number of bytes, producing too few is an error.
        let result = libdeflate_zlib_decompress_ex(
            handle, compressed.baseAddress, compressed.count, buffer.baseAddress, buffer.count, &used, nil)
        return result == LIBDEFLATE_SUCCESS && used == compressed.count
    }
}
