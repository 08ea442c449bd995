internal import CDeflate
internal import DQNModel

/// Compresses bytes in zlib's format, as PNG and PDF need them.
package enum ZlibStream {
    /// Returns the compressed bytes.
    ///
    /// - Throws: ``RecordingError`` (`inputOutput`) when memory runs out.
    package static func compressed(_ bytes: [UInt8]) throws(RecordingError) -> [UInt8] {
        guard let compressor = libdeflate_alloc_compressor(9) else {
            throw RecordingError(
                code: .inputOutput, message: "Not enough memory to compress the picture; close other programs.")
        }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_zlib_compress_bound(compressor, bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = libdeflate_zlib_compress(compressor, bytes, bytes.count, buffer.baseAddress, buffer.count)
        }
    }
}
