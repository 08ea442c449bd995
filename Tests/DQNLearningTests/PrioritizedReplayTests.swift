import DQNLearning
import DQNModel
import Foundation
import Testing

@Suite struct PrioritizedReplayTests {
    /// `Fixtures/replay/prioritized.json`, computed with NumPy.
    struct Fixture: Decodable {
        struct Weights: Decodable {
            var beta: Double
            var values: [Double]
        }
        struct Case: Decodable {
            var exponent: Double
            var epsilon: Double
            var probabilities: [Double]
            var slots: [Int]
            var weights: [Weights]
            var configuration: PrioritizedReplayConfiguration {
                PrioritizedReplayConfiguration(exponent: exponent, epsilon: epsilon)
            }
        }
        var errors: [Float]
        var places: [Double]
        var cases: [Case]

        static func load() throws -> Fixture {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let file = root.appendingPathComponent("Fixtures/replay/prioritized.json")
            return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
        }
    }

    /// Creates a replay whose slots 0, 1, … hold single steps with the given errors.
    private func record(
        _ errors: [Float], _ configuration: PrioritizedReplayConfiguration, capacity: Int = 64
    ) throws -> RecordedReplay {
        var record = RecordedReplay(
            capacity: capacity, frameStack: 1, prioritization: configuration, ending: .never, seed: 1)
        record.take(steps: errors.count)
        for (slot, error) in errors.enumerated() { try record.replay.updatePriority(slot, error: error) }
        return record
    }

    @Test func probabilitiesAndWeightsMatchNumPy() throws {
        let fixture = try Fixture.load()
        var generator = RandomGenerator(seed: 5)
        for expected in fixture.cases {
            let record = try record(fixture.errors, expected.configuration)
            let leaves = try record.priorities()
            let total = leaves.reduce(0, +)
            #expect(leaves.count == 51 && leaves[50] == 0)
            for (leaf, probability) in zip(leaves, expected.probabilities) {
                #expect(abs(leaf / total - probability) < 1e-12 * probability)
            }
            for weights in expected.weights {
                for batchSize in [1, 2, 8, 64] {
                    let batch = record.sample(batchSize, beta: weights.beta, &generator)
                    let largest = batch.map { weights.values[$0.slot] }.max() ?? 0
                    for sampled in batch {
                        let weight = weights.values[sampled.slot] / largest
                        #expect(abs(Double(sampled.importanceWeight) - weight) < 1e-6 * weight)
                    }
                }
            }
        }
    }

    @Test func positionsInTheSumMatchNumPy() throws {
        let fixture = try Fixture.load()
        for expected in fixture.cases {
            let tree = SumTree(name: "leaves", capacity: 50, chunkLength: 16)
            for (slot, probability) in expected.probabilities.enumerated() { tree.set(slot, to: probability) }
            for (place, slot) in zip(fixture.places, expected.slots) {
                #expect(tree.slot(at: place * tree.total) == slot)
            }
        }
    }

    /// Compares single draws with the multinomial distribution of the priorities: χ² must lie within four standard
    /// deviations of its mean.
    @Test func singleDrawsFollowThePriorities() throws {
        let fixture = try Fixture.load()
        let record = try record(fixture.errors, fixture.cases[0].configuration)
        var generator = RandomGenerator(seed: 11)
        var counts = [Int](repeating: 0, count: 51)
        let draws = 200_000
        for _ in 0..<draws { counts[record.sample(1, &generator)[0].slot] += 1 }
        #expect(counts[50] == 0)
        var chiSquare = 0.0
        var degrees = -1.0
        for (count, probability) in zip(counts, fixture.cases[0].probabilities) {
            let expected = probability * Double(draws)
            // The transition without an error is too rare for χ².
            guard expected > 20 else {
                #expect(Double(count) < 3 * expected + 10)
                continue
            }
            chiSquare += (Double(count) - expected) * (Double(count) - expected) / expected
            degrees += 1
        }
        #expect(degrees >= 47)
        #expect(abs(chiSquare - degrees) < 4 * (2 * degrees).squareRoot())
    }

    /// Each row of a mini-batch comes from its own part of the sum. A transition is drawn once for each part that lies
    /// within its share, at most twice more, and on average in proportion to its priority.
    @Test func miniBatchesAreStratified() throws {
        let fixture = try Fixture.load()
        let probabilities = fixture.cases[1].probabilities
        let record = try record(fixture.errors, fixture.cases[1].configuration)
        var generator = RandomGenerator(seed: 12)
        let rows = 256
        let batches = 500
        var totals = [Int](repeating: 0, count: 51)
        for _ in 0..<batches {
            let batch = record.sample(rows, &generator)
            #expect(zip(batch, batch.dropFirst()).allSatisfy { $0.slot <= $1.slot })
            var counts = [Int](repeating: 0, count: 51)
            for sampled in batch { counts[sampled.slot] += 1 }
            for slot in 0..<50 {
                #expect(abs(Double(counts[slot]) - probabilities[slot] * Double(rows)) < 2)
                totals[slot] += counts[slot]
            }
        }
        for slot in 0..<50 {
            // At most two parts are left to chance, so the variance of a batch's count is at most one half.
            let expected = probabilities[slot] * Double(rows * batches)
            #expect(abs(Double(totals[slot]) - expected) < 5 * (0.5 * Double(batches)).squareRoot())
        }
    }

    @Test func newTransitionsGetTheLargestPriority() throws {
        let configuration = PrioritizedReplayConfiguration(exponent: 0.5, epsilon: 0.25)
        var record = try record([], configuration, capacity: 8)
        record.begin()
        record.step()
        #expect(try record.priorities() == [1, 0])
        try record.replay.updatePriority(0, error: -3.75)
        #expect(record.replay.largestPriority == 4)
        record.step()
        #expect(try record.priorities() == [2, 2, 0])
        try record.replay.updatePriority(0, error: 0)
        #expect(record.replay.largestPriority == 4)
        #expect(try record.priorities() == [0.5, 2, 0])
        // The open slot, a final observation and an overwritten transition keep priority zero.
        try record.replay.updatePriority(2, error: 1)
        record.step(truncated: true)
        try record.replay.updatePriority(3, error: 1)
        #expect(try record.priorities() == [0.5, 2, 2, 0, 0])
        for _ in 0..<5 { record.act() }
        try record.replay.updatePriority(record.replay.cursor, error: 1)
        #expect(try record.priorities()[record.replay.cursor] == 0)
    }

    @Test func refusesANonFiniteError() throws {
        let record = try record([1, 2], PrioritizedReplayConfiguration())
        for error in [Float.nan, .infinity, -.infinity] {
            #expect(throws: TrainingError.self) { try record.replay.updatePriority(0, error: error) }
        }
        let uniform = RecordedReplay(capacity: 8, frameStack: 1, seed: 1)
        #expect(throws: TrainingError.self) { try uniform.replay.updatePriority(0, error: .nan) }
    }
}
