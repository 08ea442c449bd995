import ArgumentParser
import DQNModel
import Workloads

/// Times adding to a full replay, drawing from it and taking its snapshot.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times a full replay of vectors.")
    @Option(help: "Slots.") var capacity = 100_000
    @Option(help: "Numbers of an observation.") var width = 4
    @Option(help: "Transitions of a mini-batch.") var batch = 64
    @Flag(help: "Draw by priority, and set new priorities.") var prioritized = false
    @OptionGroup var lapping: LapOptions

    private struct Report: Encodable {
        /// Seconds of one step added.
        var add: Double
        /// Seconds of one transition drawn.
        var sample: Double
        /// Seconds of one snapshot.
        var snapshot: Double
        /// Seconds of the step after it, which copies what the snapshot shares.
        var addAfterSnapshot: Double
    }

    func run() throws {
        let replay = FilledReplay(
            capacity: capacity, frame: ObservationSpace(shape: [width], element: .float32), frameStack: 1,
            prioritized: prioritized, batchSize: batch)
        let each = 100
        let adding = LapReport(lapping.laps { for _ in 0..<each { replay.add() } })
        let sampling = LapReport(lapping.laps { replay.sample() })
        // A hundred snapshots need not keep memory busy for as long as the rest.
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
