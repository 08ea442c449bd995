import ArgumentParser
import DQNInference
import DQNModel
import Foundation

/// Times an application's call: the action values of a checkpoint's policy for one observation.
struct Act: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Times a checkpoint's policy on one observation, and prints its action values.")
    @Argument(help: "Checkpoint.") var checkpoint: String
    @Argument(help: "File with the observation: the bytes or little-endian floats of the network's input.")
    var observation: String
    @OptionGroup var lapping: LapOptions

    private struct Report: Encodable {
        var times: LapReport
        var values: [Float]
    }

    func run() throws {
        let agent = try Agent(contentsOf: URL(fileURLWithPath: checkpoint))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: observation))
        let observation = try Observation(space: agent.architecture.input, bytes: Array(bytes))
        let laps = try lapping.laps { _ = try agent.actionValues(for: observation) }
        try Report(times: LapReport(laps), values: agent.actionValues(for: observation)).print()
    }
}
