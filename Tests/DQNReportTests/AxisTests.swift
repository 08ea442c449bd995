import DQNModel
import DQNReport
import Foundation
import Testing

@Suite struct AxisTests {
    @Test(
        arguments: [
            (0, 20_400, 10, ["0", "2.5k", "5k", "7.5k", "10k", "12.5k", "15k", "17.5k", "20k"]),
            (0, 2_040_000, 8, ["0", "500k", "1M", "1.5M", "2M"]),
            (-525, -75, 7, ["−500", "−400", "−300", "−200", "−100"]),
            (-1.1, 1.1, 7, ["−1", "−0.5", "0", "0.5", "1"]),
            (0, 5e9, 8, ["0", "1G", "2G", "3G", "4G", "5G"]),
            (0, 1e-6, 4, ["0", "2.5e−7", "5e−7", "7.5e−7", "1e−6"]),
            (0.99, 1.01, 4, ["0.99", "0.995", "1", "1.005", "1.01"]),
            (99_950, 100_050, 4, ["99.95k", "99.975k", "100k", "100.025k", "100.05k"]),
        ] as [(Double, Double, Int, [String])])
    func ticksAreRound(lower: Double, upper: Double, most: Int, labels: [String]) {
        #expect(AxisTicks(AxisRange(lower: lower, upper: upper), most: most).labels == labels)
    }

    /// Whatever the values: enough ticks, inside the range, evenly spaced, and each label is its value.
    @Test func labelsTellTheValuesOfAnyRange() throws {
        var generator = RandomGenerator(seed: 5)
        for _ in 0..<2_000 {
            let scale = pow(10, generator.uniform(in: -20..<20))
            let offset = generator.uniform(in: -0.5..<0.5) * pow(10, generator.uniform(in: -4..<4))
            let a = (generator.uniform() + offset) * scale
            let b = (generator.uniform() + offset) * scale
            let range = AxisRange(covering: min(a, b), max(a, b))
            let ticks = AxisTicks(range, most: 7)
            try #require((2...8).contains(ticks.values.count), "\(range)")
            #expect(Set(ticks.labels).count == ticks.labels.count, "\(range) \(ticks.labels)")
            let step = ticks.values[1] - ticks.values[0]
            for (index, value) in ticks.values.enumerated() {
                #expect(range.fraction(value) > -1e-6 && range.fraction(value) < 1 + 1e-6)
                #expect(abs(value - ticks.values[0] - Double(index) * step) < step * 1e-3)
                let told = try #require(Self.number(ticks.labels[index]), "\(ticks.labels[index])")
                #expect(abs(told - value) < step * 1e-3, "\(range): \(ticks.labels[index]) for \(value)")
            }
        }
    }

    /// The number that a label means.
    private static func number(_ label: String) -> Double? {
        var text = String(label.map { $0 == "\u{2212}" ? "-" : $0 })
        let scales: [Character: Double] = ["k": 1e3, "M": 1e6, "G": 1e9]
        guard let last = text.last, let scale = scales[last] else { return Double(text) }
        text.removeLast()
        return Double(text).map { $0 * scale }
    }

    @Test func rangesLeaveAMargin() {
        let range = AxisRange(covering: 100, 200)
        #expect(range == AxisRange(lower: 95, upper: 205))
        #expect(range.fraction(95) == 0 && range.fraction(205) == 1)
    }

    @Test(arguments: [0, 1, -3, 500, 1e-90, 1e100, -1e12])
    func aConstantLiesInTheMiddle(value: Double) {
        let range = AxisRange(covering: value, value)
        #expect(range.lower < value && range.upper > value)
        #expect(abs(range.fraction(value) - 0.5) < 1e-9)
        #expect(AxisTicks(range, most: 7).values.count >= 3)
    }

    @Test func positionsBeginWhereTrainingDoes() {
        #expect(AxisRange(positions: 5_000, 50_000) == AxisRange(lower: 0, upper: 51_000))
        #expect(AxisRange(positions: 0, 0) == AxisRange(lower: 0, upper: 1))
        #expect(AxisRange(positions: -10, 10) == AxisRange(lower: -11, upper: 11))
    }
}
