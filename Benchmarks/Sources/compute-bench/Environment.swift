import ArgumentParser
import Workloads

/// Times steps of a built-in environment.
struct EnvironmentStepping: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "environment",
        abstract: "Times a thousand steps of an environment, with observations and resets.")
    @Option(help: "Environment.") var id = "CartPole-v1"
    @Option(help: "Absolute path of a directory with modules of a Gymnasium environment.") var pythonPath: [String] = []
    @OptionGroup var lapping: LapOptions

    private struct Report: Encodable {
        var stepsPerSecond: Double
        var steps: Int
        var episodes: Int
    }

    func run() throws {
        var stepping = try EnvironmentSteps(id, pythonPath: pythonPath)
        let times = try LapReport(lapping.laps { try stepping.run(1000) })
        try Report(stepsPerSecond: 1000 / times.median, steps: stepping.count, episodes: stepping.episodes).print()
    }
}
