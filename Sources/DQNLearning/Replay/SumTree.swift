internal import DQNModel

/// A binary tree over a replay's slots in which each inner node holds the sum of its children (Schaul 2016, appendix
/// B.2.1).
///
/// The leaves are a column of the replay. An inner node is always computed as left + right, so that the leaves alone
/// determine every bit of the tree. Changing a leaf and finding one by its position in the sum cost O(log capacity) and
/// allocate nothing.
///
/// Not thread-safe.
package final class SumTree {
    private let leaves: ReplayRing
    // A power of two, at least the capacity. Node 1 is the root, the children of node i are 2i and 2i + 1, and the
    // leaf of a slot would be node `size + slot`.
    private let size: Int
    private var inner: ReplayChunk
    private let nodes: UnsafeMutablePointer<Double>

    /// Creates a tree without leaves. Leaves are added in slot order.
    ///
    /// - Parameters:
    ///   - name: The name of the leaves' column.
    ///   - capacity: The maximum number of leaves.
    ///   - chunkLength: The number of leaves of a chunk; a power of two, at least 2.
    package init(name: String, capacity: Int, chunkLength: Int) {
        precondition(chunkLength >= 2, "sibling leaves must lie in one chunk")
        size = Self.size(capacity: capacity)
        leaves = ReplayRing(
            name: name, element: .float64, shape: [], capacity: capacity, chunkLength: chunkLength)
        // Zeros take no memory until they are written. The memory is returned to the system when the tree is released.
        inner = ReplayChunk(byteCount: Self.innerByteCount(capacity: capacity))
        // Stays valid: the chunk lives as long as the tree, and nothing else shares or writes it.
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

    /// Returns the bytes of the inner nodes.
    static func innerByteCount(capacity: Int) -> Int { size(capacity: capacity) * MemoryLayout<Double>.stride }

    /// The sum of all leaves.
    package var total: Double { nodes[1] }

    /// Returns the leaf of a slot.
    package func leaf(_ slot: Int) -> Double { leaves.slots.value(slot, as: Double.self) }

    /// Sets a leaf, or adds the next leaf.
    package func set(_ slot: Int, to value: Double) {
        leaves.write(slot, value: value)
        var node = (size + slot) / 2
        nodes[node] = sumOfPair(slot)
        while node > 1 {
            node /= 2
            nodes[node] = nodes[2 * node] + nodes[2 * node + 1]
        }
    }

    // At the end of the buffer a pair may lack a leaf: the chunk holds a zero there.
    private func sumOfPair(_ slot: Int) -> Double {
        let even = slot & ~1
        return leaf(even) + leaf(even + 1)
    }

    /// Finds the slots at several positions of the sum, in which the leaves lie end to end in slot order. Never finds a
    /// slot whose leaf is zero.
    ///
    /// All rows descend the tree level by level together, so that their memory accesses overlap.
    ///
    /// - Parameters:
    ///   - positions: From 0 to ``total``; overwritten.
    ///   - slots: Receives the slots.
    /// - Precondition: ``total`` is positive.
    package func find(_ positions: UnsafeMutableBufferPointer<Double>, _ slots: UnsafeMutableBufferPointer<Int>) {
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

    // Returns 0 for the left child and 1 for the right one. Because of rounding a position can lie at or beyond the
    // end; it must not lead to an empty subtree.
    @inline(__always)
    private func descend(_ position: inout Double, left: Double, right: Double) -> Int {
        if position < left || right == 0 { return 0 }
        position -= left
        return 1
    }

    var column: ReplaySnapshot.Column { leaves.column }

    /// Restores the stored leaves and computes the inner nodes.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if there is no column of this name.
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
