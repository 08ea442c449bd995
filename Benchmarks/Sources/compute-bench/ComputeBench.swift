import ArgumentParser
import DQNModel
import DQNNetwork
import Foundation

/// Times gradient updates and single passes of one network, and prints every lap as JSON.
@main
struct ComputeBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Times gradient updates and passes of one network.", subcommands: [Update.self, Inference.self])
}

/// The network that is timed and for how long.
struct NetworkOptions: ParsableArguments {
    @Option(help: "Network.") var network = "nature-cnn"
    @Option(help: "Shape of an observation; with three numbers bytes, otherwise floats.") var input = "4,84,84"
    @Option(help: "Actions.") var actions = 6
    @Option(help: "Observations of a batch.") var batch = 32
    @Option(help: "Compute threads.") var threads = 1
    @Option(help: "Seconds to measure for.") var seconds = 2.0

    func architecture() throws -> NetworkArchitecture {
        let shape = input.split(separator: ",").compactMap { Int($0) }
        return try NetworkArchitecture(
            network, input: ObservationSpace(shape: shape, element: shape.count == 3 ? .uint8 : .float32),
            actions: actions)
    }

    /// The threads that share the work, where there are several.
    func team() -> ComputeTeam? {
        ComputeThreads.useCallingThreadOnly()
        return threads > 1 ? ComputeTeam(threads: threads) : nil
    }

    func backend() -> OneDNNBackend { OneDNNBackend(team: team()) }

    /// Laps of a body, in seconds, after as many as warm everything up.
    func laps(_ body: () throws -> Void) rethrows -> [Double] {
        let clock = ContinuousClock()
        let warmUp = clock.now + .seconds(seconds / 5)
        while clock.now < warmUp { try body() }
        let end = clock.now + .seconds(seconds)
        var laps: [Double] = []
        while clock.now < end { laps.append(try clock.measure(body) / .seconds(1)) }
        return laps
    }
}

/// What a measurement prints.
struct LapReport: Encodable {
    var median: Double
    var least: Double
    var laps: Int

    init(_ laps: [Double]) {
        let sorted = laps.sorted()
        median = sorted[sorted.count / 2]
        least = sorted[0]
        self.laps = sorted.count
    }

    func print() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        Swift.print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}
