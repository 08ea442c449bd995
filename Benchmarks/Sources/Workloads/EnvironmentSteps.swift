import DQNEnvironments
import DQNModel

/// Steps an environment with actions that are easy to compute in other languages: `(index · 2654435761 mod 2³²) >> 13`,
/// modulo the number of actions. Starts a new episode after each end, and writes every observation.
package struct EnvironmentSteps {
    private var environment: any Environment
    private var observation: Observation
    private let actions: [Int]
    /// Steps taken.
    package private(set) var count = 0
    /// Episodes ended.
    package private(set) var episodes = 0

    package init(_ id: String, wrappers: String = "", python: String? = nil, pythonPath: [String] = []) throws {
        let bare = try EnvironmentRegistry.make(
            id, gymnasium: GymnasiumSettings(python: python, pythonPath: pythonPath), trust: .any)
        environment = try WrapperList(parsing: wrappers).wrap(bare, for: .training)
        let specification = environment.specification
        observation = Observation(zerosOf: specification.observationSpace)
        actions = (0..<65_536).map { index in
            Int(UInt32(truncatingIfNeeded: index &* 2_654_435_761) >> 13) % specification.actionCount
        }
        try environment.reset(seed: 1)
    }

    /// Takes the given number of steps.
    package mutating func run(_ steps: Int) throws {
        for _ in 0..<steps {
            let outcome = try environment.step(actions[count & 65_535])
            environment.observe(into: &observation)
            count += 1
            guard outcome.ended else { continue }
            episodes += 1
            try environment.reset(seed: nil)
            environment.observe(into: &observation)
        }
    }
}
