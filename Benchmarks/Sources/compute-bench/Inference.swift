import ArgumentParser
import DQNModel
import DQNNetwork
import Workloads

/// Times a forward pass, bytes to floats included; the parameters stay.
struct Inference: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times forward passes.")
    @OptionGroup var options: NetworkOptions
    @Option(help: "Keep parameters that stay in a form for it: full or half precision.") var serving: ServingPrecision?

    func run() throws {
        let pass = try ForwardPass(
            options.architecture(), batchSize: options.batch, team: options.team(), serving: serving)
        try LapReport(options.lapping.laps { try pass.run() }).print()
    }
}

extension ServingPrecision: @retroactive ExpressibleByArgument {}
