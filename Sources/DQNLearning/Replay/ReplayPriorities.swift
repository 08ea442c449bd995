internal import DQNModel
internal import Foundation

/// The priorities of a replay's transitions: proportional prioritization (Schaul 2016, section 3.3).
///
/// The leaf of a slot is (|δ| + ε)^α if it can be sampled and 0 otherwise. A draw therefore always finds a transition,
/// with a probability in proportion to its leaf.
final class ReplayPriorities {
    /// The name of the leaves' column in a snapshot.
    static let columnName = "priorities"

    private let configuration: PrioritizedReplayConfiguration
    private let tree: SumTree
    /// The largest |δ| + ε so far, which new transitions get; 1 before the first error.
    private(set) var largest: Double
    private var largestLeaf: Double

    init(_ configuration: PrioritizedReplayConfiguration, capacity: Int, chunkLength: Int, largest: Double) {
        precondition(
            (0...1).contains(configuration.exponent), "the exponent α of a prioritized replay must be from 0 to 1")
        precondition(
            configuration.epsilon > 0 && configuration.epsilon <= 1,
            "the ε of a prioritized replay must be above 0 and at most 1")
        self.configuration = configuration
        self.largest = largest
        largestLeaf = pow(largest, configuration.exponent)
        tree = SumTree(name: Self.columnName, capacity: capacity, chunkLength: chunkLength)
    }

    /// The sum of all leaves; positive if and only if there is a transition to sample.
    var total: Double { tree.total }

    func leaf(_ slot: Int) -> Double { tree.leaf(slot) }

    /// Adds the leaf of a slot that is used for the first time.
    func append(_ slot: Int) { tree.set(slot, to: 0) }

    /// Stops a slot from being drawn.
    func exclude(_ slot: Int) {
        if tree.leaf(slot) > 0 { tree.set(slot, to: 0) }
    }

    /// Allows a transition to be drawn. If it already could be drawn, it keeps its priority.
    func include(_ slot: Int) {
        if tree.leaf(slot) == 0 { tree.set(slot, to: largestLeaf) }
    }

    /// Sets the priority of a transition from its temporal-difference error, if it can still be sampled.
    func update(_ slot: Int, error: Float) {
        let priority = Double(abs(error)) + configuration.epsilon
        let leaf = pow(priority, configuration.exponent)
        if priority > largest {
            largest = priority
            largestLeaf = leaf
        }
        if tree.leaf(slot) > 0 { tree.set(slot, to: leaf) }
    }

    /// Raises ``largest`` to that of another environment's ring in the same replay.
    func raiseLargest(to priority: Double) {
        guard priority > largest else { return }
        largest = priority
        largestLeaf = pow(priority, configuration.exponent)
    }

    /// Returns the slot at a position of the sum.
    func slot(at position: Double) -> Int {
        var position = position
        var slot = 0
        withUnsafeMutablePointer(to: &position) { position in
            withUnsafeMutablePointer(to: &slot) { slot in
                tree.find(.init(start: position, count: 1), .init(start: slot, count: 1))
            }
        }
        return slot
    }

    /// Divides the sum into one equal part per row, draws a slot from each (Schaul 2016, appendix B.2.1) and calls
    /// `body` with it, in row order.
    func draw(rows: Int, _ generator: inout RandomGenerator, _ body: (_ row: Int, _ slot: Int) -> Void) {
        // In groups that fit on the stack.
        let group = 32
        withUnsafeTemporaryAllocation(of: Double.self, capacity: group) { positions in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: group) { slots in
                slots.initialize(repeating: 0)
                for first in stride(from: 0, to: rows, by: group) {
                    let count = min(group, rows - first)
                    for row in 0..<count {
                        let part = (Double(first + row) + generator.uniform()) / Double(rows)
                        positions.initializeElement(at: row, to: part * tree.total)
                    }
                    tree.find(.init(rebasing: positions[..<count]), .init(rebasing: slots[..<count]))
                    for row in 0..<count { body(first + row, slots[row]) }
                }
            }
        }
    }

    var column: ReplaySnapshot.Column { tree.column }

    func restore(_ snapshot: ReplaySnapshot) throws(ModelError) { try tree.restore(snapshot) }
}
