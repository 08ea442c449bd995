internal import DQNModel

/// A binary tree over the slots of a ring whose inner nodes hold the sums of what is below them (Schaul 2016,
/// appendix B.2.1).
///
/// The leaves are a replay column like any other. An inner node is only ever computed as left + right, so the leaves
/// alone determine every bit of the tree. Changing a leaf, and finding one by its place in the sum, cost
/// O(log capacity) and allocate nothing.
///
/// Not thread-safe.
package final class SumTree {
    private let leaves: ReplayRing
    // A power of two, at least the capacity. Node 1 is the root, the children of node i are 2i and 2i + 1, and the
    // leaf of a slot would be node `size + slot`.
    private let size: Int
    private var inner: ReplayChunk
    private let nodes: UnsafeMutablePointer<Double>

    /// Creates a tree without leaves; they are added in slot order.
    ///
    /// - Parameters:
    ///   - name: the name of the leaves' column.
    ///   - capacity: the most leaves there can be.
    ///   - chunkLength: leaves of a chunk; a power of two, at least 2.
    package init(name: String, capacity: Int, chunkLength: Int) {
        precondition(chunkLength >= 2, "two sibling leaves lie in one chunk")
        size = Self.size(capacity: capacity)
        leaves = ReplayRing(
            name: name, element: .float64, shape: [], capacity: capacity, chunkLength: chunkLength)
        // Zeros that cost no memory until they are written, given back to the system at once when the tree goes.
        inner = ReplayChunk(byteCount: Self.innerByteCount(capacity: capacity))
        // Stays valid: the chunk lives as long as the tree, and nothing shares it or writes to it another way.
        nodes = inner.withMutableBytes { bytes in
            guard let start = bytes.bindMemory(to: Double.self).baseAddress else {
                preconditionFailure("a sum tree has at least two nodes")
            }
            return start
        }
    }

    private static func size(capacity: Int) -> Int {
        var size = 2
        while size < capacity { size *= 2 }
        return size
    }

    /// Bytes of the inner nodes.
    static func innerByteCount(capacity: Int) -> Int { size(capacity: capacity) * MemoryLayout<Double>.stride }

    /// The sum of all leaves.
    package var total: Double { nodes[1] }

    /// The leaf of a slot that has one.
    package func leaf(_ slot: Int) -> Double { leaves.slots.value(slot, as: Double.self) }

    /// Sets a leaf, or adds the next one.
    package func set(_ slot: Int, to value: Double) {
        leaves.write(slot, value: value)
        var node = (size + slot) / 2
        nodes[node] = sumOfPair(slot)
        while node > 1 {
            node /= 2
            nodes[node] = nodes[2 * node] + nodes[2 * node + 1]
        }
    }

    // The leaf that a pair lacks at the end of the ring is there as a zero of the chunk.
    private func sumOfPair(_ slot: Int) -> Double {
        let even = slot & ~1
        return leaf(even) + leaf(even + 1)
    }

    /// The slot in whose part of the sum a position lies, the parts being laid end to end in slot order; never one
    /// whose leaf is zero.
    ///
    /// - Precondition: ``total`` is positive.
    package func slot(at position: Double) -> Int {
        var position = position
        var slot = 0
        withUnsafeMutablePointer(to: &position) { position in
            withUnsafeMutablePointer(to: &slot) { slot in
                find(
                    UnsafeMutableBufferPointer(start: position, count: 1),
                    UnsafeMutableBufferPointer(start: slot, count: 1))
            }
        }
        return slot
    }

    /// Finds the slots of several positions, which are used up, going down the tree level by level with all of them:
    /// the processor waits for the memory of all at once instead of for one after another.
    func find(_ positions: UnsafeMutableBufferPointer<Double>, _ slots: UnsafeMutableBufferPointer<Int>) {
        slots.update(repeating: 1)
        var width = 1
        while width < size / 2 {
            width *= 2
            for row in slots.indices {
                let node = 2 * slots[row]
                slots[row] = node + descend(&positions[row], left: nodes[node], right: nodes[node + 1])
            }
        }
        for row in slots.indices {
            let slot = 2 * slots[row] - size
            slots[row] = slot + descend(&positions[row], left: leaf(slot), right: leaf(slot + 1))
        }
    }

    // How far to the right a position lies: 0 or 1. One at or beyond the end, as rounding can give, must not lead to
    // where nothing is.
    @inline(__always)
    private func descend(_ position: inout Double, left: Double, right: Double) -> Int {
        if position < left || right == 0 { return 0 }
        position -= left
        return 1
    }

    var column: ReplaySnapshot.Column { leaves.column }

    /// Takes over the stored leaves and computes the tree above them.
    ///
    /// - Throws: ``DQNModel/ModelError`` (`invalidSnapshot`) when there are none of this name.
    func restore(_ snapshot: ReplaySnapshot) throws(ModelError) {
        try leaves.restore(snapshot)
        var first = size / 2
        var last = (size + snapshot.count - 1) / 2
        for node in first...last { nodes[node] = sumOfPair(2 * node - size) }
        while first > 1 {
            first /= 2
            last /= 2
            for node in first...last { nodes[node] = nodes[2 * node] + nodes[2 * node + 1] }
        }
    }
}
