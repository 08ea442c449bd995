import DQNLearning
import DQNModel
import Testing

@Suite struct SumTreeTests {
    /// Leaves are whole numbers, so that sums are exact in whatever order they are taken.
    @Test func slotsAreThoseOfANaivePrefixSum() {
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
                // Where rounding has led beyond the end, the last leaf that is not zero is found.
                #expect(tree.slot(at: total) == leaves.lastIndex { $0 > 0 })
            }
        }
    }

    /// Every inner node is left + right: the leaves alone determine the tree, down to the last bit.
    @Test func theOrderOfChangesLeavesNoTrace() {
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
