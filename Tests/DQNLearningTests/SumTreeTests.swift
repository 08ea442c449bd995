import DQNLearning
import DQNModel
import Testing

@Suite struct SumTreeTests {
    /// The leaves are integers, so that sums are exact in any order.
    @Test func slotsMatchANaivePrefixSum() {
        var generator = RandomGenerator(seed: 3)
        for capacity in [1, 2, 3, 7, 8, 9, 31, 64, 65, 200] {
            let tree = SumTree(name: "leaves", capacity: capacity, chunkLength: 16)
            var leaves: [Double] = []
            for round in 0..<(3 * capacity + 20) {
                let value = Double(max(0, generator.integer(below: 8) - 3))
                if leaves.count < capacity, round % 2 == 0 {
                    tree.set(leaves.count, to: value)
                    leaves.append(value)
                } else {
                    let slot = generator.integer(below: leaves.count)
                    tree.set(slot, to: value)
                    leaves[slot] = value
                }
                let total = leaves.reduce(0, +)
                #expect(tree.total == total)
                guard total > 0 else { continue }
                for position in [0, total - 0.5, generator.uniform(in: 0..<total), total.rounded(.down) / 2] {
                    var sum = 0.0
                    let expected = leaves.firstIndex {
                        sum += $0
                        return position < sum
                    }
                    #expect(tree.slot(at: position) == expected)
                }
                // A position beyond the end, as rounding can give, finds the last leaf that is not zero.
                #expect(tree.slot(at: total) == leaves.lastIndex { $0 > 0 })
            }
        }
    }

    /// Every inner node is left + right, so that the leaves alone determine every bit of the tree.
    @Test func theOrderOfChangesDoesNotMatter() {
        var generator = RandomGenerator(seed: 4)
        let final = (0..<100).map { _ in generator.uniform(in: 0..<1) }
        let first = SumTree(name: "leaves", capacity: 100, chunkLength: 16)
        let second = SumTree(name: "leaves", capacity: 100, chunkLength: 16)
        for slot in 0..<100 { first.set(slot, to: final[slot]) }
        for slot in 0..<100 { second.set(slot, to: 1e9 * generator.uniform()) }
        for slot in (0..<100).shuffled(using: &generator) { second.set(slot, to: final[slot]) }
        #expect(first.total == second.total)
        for _ in 0..<1000 {
            let position = generator.uniform(in: 0..<first.total)
            #expect(first.slot(at: position) == second.slot(at: position))
        }
    }
}

extension SumTree {
    /// Finds the slot at one position of the sum.
    func slot(at position: Double) -> Int {
        var positions = [position]
        var slots = [0]
        positions.withUnsafeMutableBufferPointer { positions in
            slots.withUnsafeMutableBufferPointer { find(positions, $0) }
        }
        return slots[0]
    }
}
