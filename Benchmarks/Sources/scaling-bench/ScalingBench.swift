import ArgumentParser
import DQNModel
import DQNNetwork
import Foundation

/// Times the parts of a worker's cycle, alone and together with others on one slab, and prints JSON.
@main
struct ScalingBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures the parts of a Hogwild worker's cycle, the memory bandwidth and overwritten updates.")
    @Option(help: "Network.") var network = "nips-cnn"
    @Option(help: "Shape of the stacked observation.") var input = "4,84,84"
    @Option(help: "Actions.") var actions = 3
    @Option(help: "Steps of a worker between updates.") var segment = 10
    @Option(help: "Maximum number of threads.") var threads = 2
    @Option(help: "Seconds per measurement.") var seconds = 1.0
    @Option(help: "Measurements, of which the least disturbed is reported.") var rounds = 5

    private struct Report: Encodable {
        var parameters: Int
        var segment: Int
        /// The times for one thread, two threads and so on.
        var cycles: [CycleTimes]
        /// The same with a slab per thread; the difference is the cost of sharing.
        var separate: [CycleTimes]
        var copies: [CopyRate]
        var overwrites: [Overwrites]
    }

    func run() throws {
        let shape = input.split(separator: ",").compactMap { Int($0) }
        let architecture = try NetworkArchitecture(
            network, input: ObservationSpace(shape: shape, element: .uint8), actions: actions)
        let plan = CyclePlan(architecture: architecture, segment: segment, seconds: seconds)
        let counts = Array(1...threads)
        let bytes = try ParameterLayout(architecture).count * MemoryLayout<Float>.stride
        let report = Report(
            parameters: bytes / MemoryLayout<Float>.stride, segment: segment,
            cycles: try counts.map { count in try best { try plan.measure(threads: count, sharing: true) } },
            separate: try counts.dropFirst().map { count in
                try best { try plan.measure(threads: count, sharing: false) }
            },
            copies: [bytes, 256 << 20].flatMap { size in
                counts.map { CopyRate.measure(bytes: size, threads: $0, rounds: rounds) }
            },
            overwrites: threads < 2
                ? []
                : try [false, true].map { computing in
                    try Overwrites.measure(plan, threads: 2, computing: computing, rounds: rounds)
                })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    /// Returns the fastest of the rounds without other load on the processors; of all rounds if there is none.
    private func best(_ measure: () throws -> CycleTimes) rethrows -> CycleTimes {
        let all = try (0..<max(rounds, 1)).map { _ in try measure() }
        let undisturbed = all.filter { $0.processorShare > 0.97 }
        let candidates = undisturbed.isEmpty ? all : undisturbed
        return candidates.dropFirst().reduce(candidates[0]) { $1.cycle < $0.cycle ? $1 : $0 }
    }
}
