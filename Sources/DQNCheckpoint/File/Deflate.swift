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

/// Decompresses data of a known size. Not thread-safe.
package struct Decompressor: ~Copyable {
    /// What surrounds the compressed data.
    package enum Format: Sendable {
        /// Nothing, as in zip archives.
        case deflate
        /// A header and a checksum, as in HDF5.
        case zlib
    }

    private let format: Format
    private let handle: OpaquePointer

    package init(_ format: Format) throws(CheckpointError) {
        guard let handle = libdeflate_alloc_decompressor() else {
            throw CheckpointError(code: .inputOutput, message: "Not enough memory for a decompressor.")
        }
        self.format = format
        self.handle = handle
    }

    deinit { libdeflate_free_decompressor(handle) }

    /// Decompresses into a buffer; returns whether the compressed bytes are valid and fill the buffer exactly.
    package func decompress(
        _ compressed: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer
    ) -> Bool {
        var used = 0
        let decompress =
            switch format {
            case .deflate: libdeflate_deflate_decompress_ex
            case .zlib: libdeflate_zlib_decompress_ex
            }
        // Without an output parameter for the number of bytes, producing too few is an error.
        let result = decompress(
            handle, compressed.baseAddress, compressed.count, buffer.baseAddress, buffer.count, &used, nil)
        return result == LIBDEFLATE_SUCCESS && used == compressed.count
    }

    /// Decompresses bytes; returns `nil` unless they are valid and have exactly this size.
    package static func bytes(
        _ compressed: ArraySlice<UInt8>, count: Int, _ format: Format
    ) throws(CheckpointError) -> [UInt8]? {
        let decompressor = try Decompressor(format)
        var isValid = false
        // One byte of room even for nothing, because the address must not be null.
        let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { buffer, initialized in
            let room = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
            isValid = compressed.withUnsafeBytes { decompressor.decompress($0, into: room) }
            initialized = isValid ? count : 0
        }
        return isValid ? bytes : nil
    }
}
