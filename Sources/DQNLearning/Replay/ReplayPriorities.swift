internal import DQNModel
internal import Foundation

/// How likely each transition of a replay is to be sampled: proportional prioritization (Schaul 2016, section 3.3).
///
/// A slot's leaf is (|δ| + ε)^α while it can be sampled and 0 while it cannot, so what is drawn is always a
/// transition, and with the very probability that its leaf says.
final class ReplayPriorities {
    /// The name of the leaves' column in a snapshot.
    static let columnName = "priorities"

    private let configuration: PrioritizedReplayConfiguration
    private let tree: SumTree
    /// The largest |δ| + ε so far, and what new transitions get; 1 before the first error is known.
    private(set) var largest: Double
    private var largestLeaf: Double

    init(_ configuration: PrioritizedReplayConfiguration, capacity: Int, chunkLength: Int, largest: Double) {
        precondition((0...1).contains(configuration.exponent), "the exponent α of prioritized replay is from 0 to 1")
        precondition(
            configuration.epsilon > 0 && configuration.epsilon <= 1,
            "the ε of prioritized replay is above 0 and at most 1")
        self.configuration = configuration
        self.largest = largest
        largestLeaf = pow(largest, configuration.exponent)
        tree = SumTree(name: Self.columnName, capacity: capacity, chunkLength: chunkLength)
    }

    /// The sum of all leaves; positive if and only if there is something to sample.
    var total: Double { tree.total }

    func leaf(_ slot: Int) -> Double { tree.leaf(slot) }

    /// Adds the leaf of the slot that the ring uses for the first time.
    func append(_ slot: Int) { tree.set(slot, to: 0) }

    /// Makes sure that a slot is not drawn any more.
    func exclude(_ slot: Int) {
        if tree.leaf(slot) > 0 { tree.set(slot, to: 0) }
    }

    /// Lets a transition be drawn from now on. One that already could be keeps its priority.
    func include(_ slot: Int) {
        if tree.leaf(slot) == 0 { tree.set(slot, to: largestLeaf) }
    }

    /// Takes the temporal-difference error of a transition; one that can no longer be sampled stays at zero.
    func update(_ slot: Int, error: Float) {
        let priority = Double(abs(error)) + configuration.epsilon
        let leaf = pow(priority, configuration.exponent)
        if priority > largest {
            largest = priority
            largestLeaf = leaf
        }
        if tree.leaf(slot) > 0 { tree.set(slot, to: leaf) }
    }

    /// Draws a slot.
    func draw(_ generator: inout RandomGenerator) -> Int { tree.slot(at: generator.uniform() * tree.total) }

    /// Draws a slot for each row from as many equal parts of the sum (Schaul 2016, appendix B.2.1), in row order, and
    /// hands it to `body`.
    func draw(rows: Int, _ generator: inout RandomGenerator, _ body: (_ row: Int, _ slot: Int) -> Void) {
        // As many at a time as find room on the stack.
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
