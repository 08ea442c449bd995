internal import CLibcrypto
public import DQNModel

/// SHA-256, computed over pieces in order by the system's libcrypto with the processor's instructions.
///
/// Public for this repository's benchmarks and fuzz target alone: not part of the stable API.
public struct FileDigest: ~Copyable {
    /// A finished digest.
    package struct Value: Sendable, Hashable {
        /// The 32 bytes.
        package let bytes: [UInt8]
        /// The bytes in lower-case hexadecimal.
        package var hexadecimal: String {
            let digits = Array("0123456789abcdef".utf8)
            return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        }
    }

    /// OpenSSL frees its tables at exit, even if other threads still compute digests; this prevents it.
    private static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    // Owned by this value alone: created in `init`, freed in `deinit`.
    private let context: OpaquePointer

    /// Starts a digest.
    ///
    /// - Throws: ``CheckpointError`` (`inputOutput`) if libcrypto offers no SHA-256: out of memory, or its
    ///   configuration loads no provider that has it.
    package init() throws(CheckpointError) {
        guard Self.isReady, let context = EVP_MD_CTX_new() else { throw Self.unavailable }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw Self.unavailable
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        let status = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(status == 1, "libcrypto must hash any bytes once a SHA-256 digest has started")
    }

    /// Returns the digest of all bytes added.
    package consuming func finalize() -> Value {
        var bytes = [UInt8](repeating: 0, count: 32)
        let status = EVP_DigestFinal_ex(context, &bytes, nil)
        precondition(status == 1, "libcrypto must finish a SHA-256 digest that has started")
        return Value(bytes: bytes)
    }

    /// Returns the digest of bytes in lower-case hexadecimal.
    ///
    /// - Throws: ``CheckpointError`` (`inputOutput`) if libcrypto offers no SHA-256.
    public static func hexadecimal(of bytes: some Sequence<UInt8>) throws(CheckpointError) -> String {
        try digest(of: bytes).hexadecimal
    }

    /// Returns the digest of bytes; a sequence that is not contiguous is copied.
    package static func digest(of bytes: some Sequence<UInt8>) throws(CheckpointError) -> Value {
        var digest = try FileDigest()
        if bytes.withContiguousStorageIfAvailable({ digest.update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { digest.update($0) }
        }
        return digest.finalize()
    }

    private static var unavailable: CheckpointError {
        CheckpointError(
            code: .inputOutput,
            message: "The system's libcrypto cannot compute SHA-256; check OpenSSL's configuration and free memory.")
    }
}
