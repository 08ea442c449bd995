internal import CDeflate
internal import DQNModel

/// Decompresses deflate data whose uncompressed size is known.
enum Inflate {
    /// Returns the uncompressed bytes.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) unless the data is valid and has exactly this size.
    static func bytes(_ compressed: ArraySlice<UInt8>, count: Int, _ name: String) throws(InterchangeError) -> [UInt8] {
        guard let handle = libdeflate_alloc_decompressor() else {
            throw .malformed("Not enough memory to decompress \(name).")
        }
        defer { libdeflate_free_decompressor(handle) }
        var used = 0
        var isValid = false
        // One byte of room even for nothing, because the address must not be null.
        let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { buffer, initialized in
            let result = compressed.withUnsafeBytes { source in
                libdeflate_deflate_decompress_ex(
                    handle, source.baseAddress, source.count, buffer.baseAddress, count, &used, nil)
            }
            isValid = result == LIBDEFLATE_SUCCESS && used == compressed.count
            initialized = isValid ? count : 0
        }
        guard isValid else {
            throw .malformed("\(name) cannot be decompressed to the \(count) bytes that its archive announces.")
        }
        return bytes
    }

    /// The checksum of zip archives.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
    }
}
