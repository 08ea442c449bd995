import ArgumentParser
import DQNModel
import DQNNetwork
import Foundation

/// Times parts of training and acting, and prints the times in seconds as one line of JSON.
@main
struct ComputeBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Times parts of training and acting; prints seconds as JSON.",
        subcommands: [Update.self, Inference.self, Act.self, EnvironmentStepping.self, Replay.self])
}

/// How a measurement is made.
struct LapOptions: ParsableArguments {
    @Option(help: "Seconds to measure for.") var seconds = 2.0
    @Flag(help: "Measure the processor time of the calling thread, for a machine with other work.")
    var processorTime = false

    /// Returns the times of a body in seconds, after a warm-up.
    func laps(_ body: () throws -> Void) rethrows -> [Double] {
        let clock = ContinuousClock()
        let warmUp = clock.now + .seconds(seconds / 5)
        while clock.now < warmUp { try body() }
        let end = clock.now + .seconds(seconds)
        var laps: [Double] = []
        repeat {
            let began = now
            try body()
            laps.append(now - began)
        } while clock.now < end
        return laps
    }

    /// The time in seconds, from an arbitrary beginning.
    private var now: Double {
        var time = timespec()
        clock_gettime(processorTime ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
}

/// The network to measure.
struct NetworkOptions: ParsableArguments {
    @Option(help: "Network.") var network = "nature-cnn"
    @Option(help: "Shape of an observation: bytes if it has three numbers, otherwise floats.") var input = "4,84,84"
    @Option(help: "Actions.") var actions = 6
    @Option(help: "Observations per batch.") var batch = 32
    @Option(help: "Compute threads.") var threads = 1
    @OptionGroup var lapping: LapOptions

    func architecture() throws -> NetworkArchitecture {
        let shape = input.split(separator: ",").compactMap { Int($0) }
        return try NetworkArchitecture(
            network, input: ObservationSpace(shape: shape, element: shape.count == 3 ? .uint8 : .float32),
            actions: actions)
    }

    /// Returns the team of threads; `nil` for one thread.
    func team() -> ComputeTeam? {
        ComputeThreads.useCallingThreadOnly()
        return threads > 1 ? ComputeTeam(threads: threads) : nil
    }
}

/// The output of a measurement.
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
}

extension Encodable {
    /// Prints a line of JSON.
    func print() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.keyEncodingStrategy = .convertToSnakeCase
        Swift.print(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
}
