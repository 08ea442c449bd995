import ArgumentParser
import DQNEnvironments
import DQNModel

/// Steps an environment with random actions through the public existential, resets and observations included, as a
/// stranger's loop would: prints steps a second, one line a run.
@main struct EnvironmentBench: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "environment-bench")

    @Option(help: "The environment's id.") var environment = "CartPole-v1"
    @Option(help: "Agent steps of a run.") var steps = 2_000_000
    @Option(help: "Runs.") var runs = 5

    func run() throws {
        var environment = try EnvironmentRegistry.make(environment)
        let specification = environment.specification
        var observation = Observation(zerosOf: specification.observationSpace)
        var generator = RandomGenerator(seed: 1, stream: "actions")
        for _ in 0..<runs {
            try environment.reset(seed: 0)
            environment.observe(into: &observation)
            var episodes = 0
            let clock = ContinuousClock()
            let elapsed = try clock.measure {
                for _ in 0..<steps {
                    let outcome = try environment.step(generator.integer(below: specification.actionCount))
                    if outcome.ended {
                        try environment.reset(seed: nil)
                        episodes += 1
                    }
                    environment.observe(into: &observation)
                }
            }
            let rate = Double(steps) / (elapsed / .seconds(1))
            print("\(self.environment): \(Int(rate)) steps/s, \(Int(1e9 / rate)) ns a step, \(episodes) episodes")
        }
    }
}
