/// The input that libFuzzer asks a program to change.
package struct FuzzerInput {
    private let bytes: UnsafeMutablePointer<UInt8>?
    private let count: Int
    private let limit: Int

    /// - Parameters:
    ///   - bytes: The input, with room for `limit` bytes.
    ///   - count: The number of its bytes.
    package init(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, limit: Int) {
        (self.bytes, self.count, self.limit) = (bytes, count, limit)
    }

    /// Changes the input and returns its new size.
    ///
    /// - Parameters:
    ///   - seed: Makes the same changes each time.
    ///   - share: One in so many inputs has any of its bytes changed, and not its structure.
    ///   - changeBytes: libFuzzer's own mutation of bytes.
    ///   - changeStructure: Returns a changed copy.
    package func mutated(
        seed: CUnsignedInt, bytesOnceIn share: CUnsignedInt,
        _ changeBytes: (UnsafeMutablePointer<UInt8>?, Int, Int) -> Int,
        _ changeStructure: ([UInt8], _ seed: UInt64, _ limit: Int) -> [UInt8]
    ) -> Int {
        guard let bytes, count > 0, seed % share != 0 else { return changeBytes(bytes, count, limit) }
        let output = changeStructure(
            Array(UnsafeBufferPointer(start: bytes, count: count)), UInt64(seed), limit)
        guard !output.isEmpty, output.count <= limit else { return changeBytes(bytes, count, limit) }
        for (index, byte) in output.enumerated() { bytes[index] = byte }
        return output.count
    }
}
