import ArgumentParser
import DQNModel
import DQNNetwork

/// Times a forward pass, bytes to floats included; the parameters stay.
struct Inference: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Times forward passes.")
    @OptionGroup var options: NetworkOptions
    @Option(help: "Keep parameters that stay: full or half.") var serving: String?

    func run() throws {
        let architecture = try options.architecture()
        let parameters = ParameterSlab(layout: try ParameterLayout(architecture))
        var generator = RandomGenerator(seed: 1)
        parameters.initialize(using: &generator)
        let backend = OneDNNBackend(team: options.team(), serving: serving.flatMap(ServingPrecision.init))
        let computation = try backend.makeComputation(
            of: architecture, batchSize: options.batch, training: false)
        try computation.use(parameters)
        let size = architecture.input.count * architecture.input.element.byteCount
        let observation = (0..<size).map { _ in UInt8(generator.integer(below: 256)) }
        let laps = try options.laps {
            observation.withUnsafeBytes { bytes in
                for row in 0..<options.batch { computation.load(bytes, row: row, offset: 0) }
            }
            _ = try computation.forward()
        }
        try LapReport(laps).print()
    }
}
