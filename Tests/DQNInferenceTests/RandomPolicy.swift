import DQNInference
import DQNModel

/// A network with random parameters and observations for it.
struct RandomPolicy {
    let policy: Policy
    let observations: [Observation]

    init(
        _ network: String, input: ObservationSpace, head: NetworkArchitecture.Head = .actionValues(actions: 5),
        observations count: Int
    ) throws {
        let layers = try NetworkArchitecture(network, input: input, actions: 5).layers
        let architecture = try NetworkArchitecture(input: input, layers: layers, head: head)
        var generator = RandomGenerator(seed: 3)
        let parameters = try ParameterLayout(architecture).entries.flatMap { entry in
            let bound = 1 / Double(entry.fanIn).squareRoot()
            return entry.range.map { _ in Float(generator.uniform(in: -bound..<bound)) }
        }
        policy = Policy(architecture: architecture, parameters: parameters, environment: "Random-v0")
        observations = (0..<count).map { _ in
            var observation = Observation(zerosOf: input)
            if input.element == .uint8 {
                observation.withMutableBytes { bytes in
                    for index in bytes.indices { bytes[index] = UInt8(generator.integer(below: 256)) }
                }
            } else {
                observation.withMutableFloats { floats in
                    for index in floats.indices { floats[index] = Float(generator.uniform(in: -2..<2)) }
                }
            }
            return observation
        }
    }
}
