/// Copies of a slab's elements, for checkpoints, in memory that is used again once nobody holds the copy any more.
///
/// Fresh memory costs a page fault every 4 KiB, several times what copying does. A copy that is still held when its turn
/// comes again stays as it is; the new one then takes fresh memory. Not thread-safe.
public final class SlabCopies {
    private let slab: ParameterSlab
    private var copies: [[Float]]
    private var turn = 0

    /// Creates what hands out copies of a slab.
    ///
    /// - Parameter count: how many are kept: as many as are held at a time, and one.
    public init(of slab: ParameterSlab, keeping count: Int) {
        precondition(count >= 1, "at least one copy is kept")
        self.slab = slab
        copies = Array(repeating: [], count: count)
    }

    /// A copy of the elements as they are now; O(count).
    public func next() -> [Float] {
        turn = (turn + 1) % copies.count
        if copies[turn].isEmpty {
            copies[turn] = slab.values
        } else {
            copies[turn].withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: slab.elements) }
        }
        return copies[turn]
    }
}
