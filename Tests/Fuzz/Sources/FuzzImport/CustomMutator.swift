import Mutation

/// libFuzzer's own mutation of bytes anywhere.
@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int) -> Int

/// Changes an input for libFuzzer: mostly its structure, with mended sizes and checksums, sometimes any byte.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateInput(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int
{
    FuzzerInput(bytes, count, limit: limit).mutated(seed: seed, bytesOnceIn: 12, mutateBytes) {
        ForeignMutator.mutated($0, seed: $1, limit: $2)
    }
}
