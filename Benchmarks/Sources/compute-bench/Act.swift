import ArgumentParser
import DQNInference
import DQNModel
import Foundation

/// Times what an application calls: the action values of one observation, of a checkpoint's policy.
struct Act: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Times a checkpoint's policy on one observation, and prints its action values.")
    @Argument(help: "Checkpoint.") var checkpoint: String
    @Argument(help: "File of the observation's bytes, or little-endian floats, as the network takes them.")
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
