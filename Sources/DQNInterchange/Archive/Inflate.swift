internal import CDeflate
internal import DQNCheckpoint
internal import DQNModel

/// Decompresses deflate data whose uncompressed size is known.
enum Inflate {
    /// Returns the uncompressed bytes.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`) unless the data is valid and has exactly this size.
    static func bytes(_ compressed: ArraySlice<UInt8>, count: Int, _ name: String) throws(InterchangeError) -> [UInt8] {
        let bytes: [UInt8]?
        do { bytes = try Decompressor.bytes(compressed, count: count, .deflate) } catch {
            throw InterchangeError(code: .missing, message: error.message, underlying: error)
        }
        guard let bytes else {
            throw .malformed("\(name) cannot be decompressed to the \(count) bytes that its archive announces.")
        }
        return bytes
    }

    /// The checksum of zip archives.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
    }
}
