import ArgumentParser
import DQNModel
import DQNNetwork
import Workloads

/// Times complete gradient updates of DQN: bytes to floats, targets, forward, loss, backward, norm and Adam.
struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times complete gradient updates.")
    @OptionGroup var options: NetworkOptions
    @Flag(help: "Double DQN: one more forward pass.") var double = false

    func run() throws {
        let update = try GradientUpdate(
            options.architecture(), batchSize: options.batch, double: double, team: options.team())
        try LapReport(options.lapping.laps { try update.run() }).print()
    }
}
