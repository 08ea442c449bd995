import ArgumentParser
import DQNModel
import DQNNetwork
import Workloads

/// Times a forward pass with constant parameters, including the conversion of bytes to floats.
struct Inference: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times forward passes.")
    @OptionGroup var options: NetworkOptions
    @Option(help: "Keep a copy of the parameters for single observations: full or half.") var serving: ServingPrecision?

    func run() throws {
        let pass = try ForwardPass(
            options.architecture(), batchSize: options.batch, team: options.team(), serving: serving)
        try LapReport(options.lapping.laps { try pass.run() }).print()
    }
}

extension ServingPrecision: @retroactive ExpressibleByArgument {}
