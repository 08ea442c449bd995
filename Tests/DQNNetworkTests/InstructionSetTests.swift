import DQNModel
import DQNNetwork
import Testing

@Suite struct InstructionSetTests {
    @Test(arguments: [nil, "", "avx512", "avx2", "sse41"])
    func takesTheNamesOfSets(_ value: String?) {
        #expect(InstructionSets.refusal(of: value) == nil)
    }

    @Test(arguments: ["AVX2", "avx", "avx2 ", "sse2", "none", "avx5120", "0"])
    func refusesOtherValuesByName(_ value: String) throws {
        let refusal = try #require(InstructionSets.refusal(of: value))
        #expect(refusal.hasPrefix("DQN_MAX_CPU_ISA is '\(value)'"))
        #expect(refusal.contains("avx512, avx2 or sse41"))
    }

    @Test func saysADifferenceFromARecordButNotALackingRevision() throws {
        let current = ComputeThreads.libraryDescription
        let parts = current.split(separator: ",")
        #expect(parts.count == 2)
        #expect(InstructionSets.names.contains(InstructionSets.chosen))
        #expect(parts[1] == " kernels \(InstructionSets.chosen) revision \(ComputeThreads.kernelsRevision)")
        #expect(ComputeThreads.difference(from: current) == nil)
        // As earlier releases wrote it.
        #expect(ComputeThreads.difference(from: String(parts[0])) == nil)
        let other = "oneDNN 1.0.0 other"
        #expect(
            ComputeThreads.difference(from: other) == "\(other) (revision unknown) and continues with \(current)")
        for record in ["\(parts[0]), kernels \(InstructionSets.chosen) revision 0", "\(other),\(parts[1])"] {
            #expect(ComputeThreads.difference(from: record) == "\(record) and continues with \(current)")
        }
    }
}
