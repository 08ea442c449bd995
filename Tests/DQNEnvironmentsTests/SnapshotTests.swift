import DQNEnvironments
import DQNModel
import Testing

/// Every built-in environment continues exactly from a snapshot.
@Suite struct SnapshotTests {
    static let environments = ["CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Catch-v0", "Catch84-v0"]

    @Test("A restored environment continues like the original, across resets", arguments: environments, [0, 1, 5, 37])
    func continues(id: String, steps: Int) throws {
        var original = try EnvironmentRegistry.make(id)
        try original.reset(seed: 11)
        var choices = RandomGenerator(seed: 3, stream: "test")
        try play(&original, steps: steps, &choices) { _, _ in }
        let snapshot = try #require(try original.snapshot())

        var restored = try EnvironmentRegistry.make(id)
        try restored.reset(seed: 999)
        try restored.restore(snapshot)
        #expect(try restored.snapshot() == snapshot)
        var again = choices
        var expected: [(StepOutcome, Observation)] = []
        try play(&original, steps: 300, &choices) { expected.append(($0, $1)) }
        var index = 0
        try play(&restored, steps: 300, &again) { outcome, observation in
            #expect(outcome == expected[index].0 && observation == expected[index].1)
            index += 1
        }
        #expect(index == 300)
        #expect(try restored.snapshot() == original.snapshot())
    }

    @Test(
        "Before the first reset and after the end a restored environment still refuses to step", arguments: environments
    )
    func phases(id: String) throws {
        let fresh = try EnvironmentRegistry.make(id)
        var other = try EnvironmentRegistry.make(id)
        try other.reset(seed: 1)
        try other.restore(try #require(try fresh.snapshot()))
        #expect(throws: EnvironmentError.self) { try other.step(0) }

        var ended = try EnvironmentRegistry.make(id)
        try ended.reset(seed: 1)
        while try !ended.step(0).ended {}
        try other.restore(try #require(try ended.snapshot()))
        #expect { try other.step(0) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        try other.reset(seed: nil)
        _ = try other.step(0)
    }

    @Test("Damaged snapshots are refused and change nothing", arguments: environments)
    func damaged(id: String) throws {
        var environment = try EnvironmentRegistry.make(id)
        try environment.reset(seed: 4)
        _ = try environment.step(1)
        let good = try #require(try environment.snapshot())
        let state = id.hasPrefix("Catch") ? "board" : "state"
        let damages: [(String, (inout StateSnapshot) -> Void)] = [
            ("another kind", { $0.kind = "Other-v0" }),
            ("another version", { $0.version = 2 }),
            ("no state", { $0.values[state] = nil }),
            ("no random state", { $0.values["random"] = nil }),
            ("a zero random state", { $0.values["random"] = .uint64([0, 0, 0, 0]) }),
            ("an unknown phase", { $0.values["phase"] = .uint8([3]) }),
            ("a negative step", { $0.values["elapsed_steps"] = .int64([-1]) }),
            ("a step past the limit", { $0.values["elapsed_steps"] = .int64([501]) }),
            ("a state of another type", { $0.values[state] = .float32([0, 0, 0, 0]) }),
            ("a state out of range", { $0.scale(state, by: 1e9) }),
            ("a state that is no number", { $0.scale(state, by: .nan) }),
        ]
        for (name, damage) in damages {
            var snapshot = good
            damage(&snapshot)
            #expect("\(id): \(name)") {
                try environment.restore(snapshot)
            } throws: {
                ($0 as? ModelError)?.code == .invalidSnapshot
            }
            #expect(try environment.snapshot() == good, "\(id) after \(name)")
        }
    }

    /// Plays random actions and resets at the end of an episode.
    private func play(
        _ environment: inout any Environment, steps: Int, _ choices: inout RandomGenerator,
        _ record: (StepOutcome, Observation) -> Void
    ) throws {
        let specification = environment.specification
        var observation = Observation(zerosOf: specification.observationSpace)
        for _ in 0..<steps {
            let outcome = try environment.step(choices.integer(below: specification.actionCount))
            environment.observe(into: &observation)
            record(outcome, observation)
            if outcome.ended { try environment.reset(seed: nil) }
        }
    }
}

extension StateSnapshot {
    /// Multiplies the first variable; integers become a distant value.
    fileprivate mutating func scale(_ name: String, by factor: Double) {
        switch values[name] {
        case .float64(var array):
            array[0] = (array[0] + 1) * factor
            values[name] = .float64(array)
        case .int64(var array):
            array[1] = 1_000_000
            values[name] = .int64(array)
        default:
            break
        }
    }
}
