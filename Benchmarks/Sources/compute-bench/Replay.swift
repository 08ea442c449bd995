import ArgumentParser
import DQNModel
import Workloads

/// Times adding to a full replay, sampling from it and taking a snapshot.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times a full replay of vectors.")
    @Option(help: "Slots.") var capacity = 100_000
    @Option(help: "Numbers per observation.") var width = 4
    @Option(help: "Transitions per mini-batch.") var batch = 64
    @Flag(help: "Sample by priority, and set new priorities.") var prioritized = false
    @OptionGroup var lapping: LapOptions

    private struct Report: Encodable {
        /// Seconds per added step.
        var add: Double
        /// Seconds per sampled transition.
        var sample: Double
        /// Seconds per snapshot.
        var snapshot: Double
        /// Seconds of the step after a snapshot, which copies the shared chunks.
        var addAfterSnapshot: Double
    }

    func run() throws {
        let replay = FilledReplay(
            capacity: capacity, frame: ObservationSpace(shape: [width], element: .float32), frameStack: 1,
            prioritized: prioritized, batchSize: batch)
        let each = 100
        let adding = LapReport(lapping.laps { for _ in 0..<each { replay.add() } })
        let sampling = LapReport(lapping.laps { replay.sample() })
        // A hundred snapshots are enough; more would only use memory.
        let clock = ContinuousClock()
        var (taking, after): ([Double], [Double]) = ([], [])
        for _ in 0..<100 {
            let began = clock.now
            let snapshot = replay.memory.snapshot()
            taking.append((clock.now - began) / .seconds(1))
            after.append(clock.measure { replay.add() } / .seconds(1))
            withExtendedLifetime(snapshot) {}
        }
        try Report(
            add: adding.median / Double(each), sample: sampling.median / Double(batch),
            snapshot: LapReport(taking).median, addAfterSnapshot: LapReport(after).median
        ).print()
    }
}
