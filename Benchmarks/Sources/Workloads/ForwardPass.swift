import DQNModel
import DQNNetwork

/// A forward pass of random observations with constant parameters, including the conversion of bytes to floats.
package final class ForwardPass {
    private let computation: any NetworkComputation
    private let observations: [UInt8]

    package init(
        _ architecture: NetworkArchitecture, batchSize: Int, team: ComputeTeam? = nil, serving: ServingPrecision? = nil
    ) throws {
        let parameters = ParameterSlab(layout: try ParameterLayout(architecture))
        var generator = RandomGenerator(seed: 1)
        parameters.initialize(using: &generator)
        computation = try OneDNNBackend(team: team, serving: serving).makeComputation(
            of: architecture, batchSize: batchSize, training: false)
        try computation.use(parameters)
        observations = architecture.input.madeUp(batchSize, &generator)
    }

    package func run() throws {
        computation.load(observations)
        _ = try computation.forward()
    }
}

extension NetworkComputation {
    /// Loads a whole batch.
    package func load(_ observations: [UInt8]) {
        observations.withUnsafeBytes { bytes in
            let size = bytes.count / batchSize
            for row in 0..<batchSize {
                load(UnsafeRawBufferPointer(rebasing: bytes[row * size..<(row + 1) * size]), row: row, offset: 0)
            }
        }
    }
}

extension ObservationSpace {
    /// Returns random observations, one after another: bytes, or floats between −1 and 1.
    package func madeUp(_ number: Int, _ generator: inout RandomGenerator) -> [UInt8] {
        let count = number * self.count
        if element == .uint8 { return (0..<count).map { _ in UInt8(generator.integer(below: 256)) } }
        let floats = (0..<count).map { _ in Float(generator.uniform(in: -1..<1)) }
        return floats.withUnsafeBytes { Array($0) }
    }
}
