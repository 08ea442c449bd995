import DQNModel
import Testing

@Suite struct RandomGeneratorTests {
    @Test func matchesTheReferenceSequence() throws {
        // First outputs of Blackman and Vigna's xoshiro256++ 1.0 from the state 1, 2, 3, 4.
        var generator = try RandomGenerator(restoring: [1, 2, 3, 4])
        let outputs = (0..<5).map { _ in generator.next() }
        #expect(
            outputs == [
                41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386, 9_228_616_714_210_784_205,
            ])
    }

    @Test func goesOnFromItsWords() throws {
        var generator = RandomGenerator(seed: 7, stream: "x")
        for _ in 0..<100 { _ = generator.next() }
        var copy = try RandomGenerator(restoring: generator.words)
        #expect((0..<50).map { _ in generator.next() } == (0..<50).map { _ in copy.next() })
    }

    @Test(arguments: [[], [1, 2, 3], [0, 0, 0, 0], [1, 2, 3, 4, 5]] as [[UInt64]])
    func refusesOtherStates(words: [UInt64]) {
        #expect(throws: ModelError.self) { try RandomGenerator(restoring: words) }
    }

    @Test func streamsOfOneSeedDiffer() {
        let names = (0..<200).map { "workers/\($0)/exploration" } + ["initialisation", ""]
        let firsts = names.map { name in
            var generator = RandomGenerator(seed: 0, stream: name)
            return generator.next()
        }
        #expect(Set(firsts).count == names.count)
    }

    @Test func integersAreUniformAndInRange() {
        var generator = RandomGenerator(seed: 1)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[generator.integer(below: 7)] += 1 }
        // Six standard deviations of a binomial of 70,000 with probability 1/7.
        for count in counts { #expect(abs(count - 10_000) < 560) }
    }

    @Test func numbersFillTheUnitInterval() {
        var generator = RandomGenerator(seed: 2)
        let numbers = (0..<10_000).map { _ in generator.uniform() }
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
        #expect(abs(numbers.reduce(0, +) / 10_000 - 0.5) < 0.02)
    }
}
