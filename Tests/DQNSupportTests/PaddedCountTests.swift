import DQNSupport
import Synchronization
import Testing

@Suite struct PaddedCountTests {
    @Test("Counts, with two cache lines on each side that nothing else uses")
    func layout() {
        let count = PaddedCount(5)
        #expect(count.add(3) == 5)
        #expect(count.value == 8 && count.atomic.load(ordering: .relaxed) == 8)
        // The lines of two neighbours, wherever the memory begins.
        #expect(MemoryLayout<PaddedCount>.size == 128 + MemoryLayout<Int>.size + 128)
    }
}
