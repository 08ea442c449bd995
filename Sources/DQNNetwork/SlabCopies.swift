/// Copies of a slab's elements for checkpoints, in reused memory.
///
/// New memory costs a page fault every 4 KiB, several times as much as copying, so ``prepare()`` makes it ready before
/// training. If an old copy is still in use when its memory is to be reused, the new copy uses new memory instead, which
/// takes longer. Not thread-safe.
package final class SlabCopies {
    private let slab: ParameterSlab
    private var copies: [[Float]]
    private var turn = 0

    /// Creates a source of copies of a slab.
    ///
    /// - Parameter count: The number of copies to keep: one more than are held at once.
    package init(of slab: ParameterSlab, keeping count: Int) {
        precondition(count >= 1, "at least one copy must be kept")
        self.slab = slab
        copies = Array(repeating: [], count: count)
    }

    /// Makes the memory of all copies ready, so that the first copies take no longer than later ones; O(count).
    package func prepare() {
        for index in copies.indices where copies[index].isEmpty { copies[index] = slab.valuesInLargePages }
    }

    /// Returns a copy of the current elements; O(count).
    package func next() -> [Float] {
        turn = (turn + 1) % copies.count
        if copies[turn].isEmpty {
            copies[turn] = slab.valuesInLargePages
        } else {
            copies[turn].withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: slab.elements) }
        }
        return copies[turn]
    }
}
