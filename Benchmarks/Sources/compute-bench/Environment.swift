import ArgumentParser
import Workloads

/// Times steps of a built-in environment.
struct EnvironmentStepping: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "environment",
        abstract: "Times steps of an environment, with observations and resets.")
    @Option(help: "Environment.") var id = "CartPole-v1"
    @Option(help: "Wrappers around it, the innermost first, separated by spaces.") var wrappers = ""
    @Option(help: "Steps in each measurement.") var steps = 1000
    @Option(help: "Python of a Gymnasium environment.") var python: String?
    @Option(help: "Absolute path of a directory with modules of a Gymnasium environment.") var pythonPath: [String] = []
    @OptionGroup var lapping: LapOptions

    private struct Report: Encodable {
        var stepsPerSecond: Double
        var steps: Int
        var episodes: Int
    }

    func run() throws {
        var stepping = try EnvironmentSteps(
            id, wrappers: wrappers, python: python, pythonPath: pythonPath)
        let times = try LapReport(lapping.laps { try stepping.run(steps) })
        try Report(stepsPerSecond: Double(steps) / times.median, steps: stepping.count, episodes: stepping.episodes).print()
    }
}
