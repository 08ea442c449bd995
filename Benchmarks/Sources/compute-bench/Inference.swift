import ArgumentParser
import DQNModel
import Workloads

/// Times a forward pass, bytes to floats included; the parameters stay.
struct Inference: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times forward passes.")
    @OptionGroup var options: NetworkOptions

    func run() throws {
        let pass = try ForwardPass(options.architecture(), batchSize: options.batch, team: options.team())
        try LapReport(options.lapping.laps { try pass.run() }).print()
    }
}
