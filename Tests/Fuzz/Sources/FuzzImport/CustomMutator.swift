import Mutation

/// libFuzzer's own mutation of bytes anywhere.
@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int) -> Int

/// Changes an input for libFuzzer: mostly its structure, with mended sizes and checksums, sometimes any byte.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateInput(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int
{
    guard let bytes, count > 0, seed % 12 != 0 else { return mutateBytes(bytes, count, limit) }
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let output = ForeignMutator.mutated(input, seed: UInt64(seed), limit: limit)
    guard !output.isEmpty, output.count <= limit else { return mutateBytes(bytes, count, limit) }
    for (index, byte) in output.enumerated() { bytes[index] = byte }
    return output.count
}
