import Foundation
import Mutation

/// libFuzzer's own mutation of bytes anywhere.
@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int) -> Int

/// Changes an input for libFuzzer: mostly its structure, with mended checksums, sometimes any byte. A seal is mended
/// when the input is read.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutateInput(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int
{
    FuzzerInput(bytes, count, limit: limit).mutated(seed: seed, bytesOnceIn: 8, mutateBytes) {
        StructureMutator.mutated($0, seed: $1, limit: $2)
    }
}
