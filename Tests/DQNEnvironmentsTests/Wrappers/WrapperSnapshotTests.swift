import DQNEnvironments
import DQNModel
import Testing

/// Wrapped environments continue from a snapshot like the original.
@Suite struct WrapperSnapshotTests {
    static let everything =
        "no-op-start:3 action-repeat:2,max atari-pixels:42 time-limit:9 episodic-life reward-clip"

    static func make(_ wrappers: String) throws -> any Environment {
        let game =
            wrappers.contains("scale")
            ? ClockworkGame(space: ObservationSpace(shape: [3], element: .float32))
            : ClockworkGame(space: ObservationSpace(shape: [60, 50], element: .uint8))
        return try WrapperList(parsing: wrappers).wrap(game, for: .training)
    }

    /// The result of each step, resets included.
    static func play(
        _ environment: inout any Environment, _ steps: Int, _ generator: inout RandomGenerator
    ) throws -> [[UInt8]] {
        try (0..<steps).map { _ in
            let outcome = try environment.step(generator.integer(below: 3))
            if outcome.ended { try environment.reset(seed: nil) }
            return environment.shown.bytes + "\(outcome)".utf8
        }
    }

    @Test(
        "Each wrapper, and all together, continue from a snapshot of any step",
        arguments: [
            "no-op-start:3", "action-repeat:2", "action-repeat:2,max", "atari-pixels:42", "observation-scale:2,1",
            "time-limit:4", "episodic-life", "reward-clip", "fire-on-reset", "episodic-life fire-on-reset",
            "reward-scale:-0.5", "reward-normalize", "reward-normalize:0.5 time-limit:5", everything,
        ])
    func continues(wrappers: String) throws {
        var original = try Self.make(wrappers)
        try original.reset(seed: 4)
        var choices = RandomGenerator(seed: 1, stream: "test")
        for _ in 0..<40 {
            _ = try Self.play(&original, 1, &choices)
            let snapshot = try #require(try original.snapshot())
            var copy = try Self.make(wrappers)
            try copy.restore(snapshot)
            #expect(try copy.snapshot() == snapshot)
            #expect(copy.shown == original.shown)
            var (reference, first, second) = (original, choices, choices)
            #expect(try Self.play(&copy, 60, &first) == Self.play(&reference, 60, &second))
        }
    }

    @Test("A restored game still waits after the loss of a life")
    func waiting() throws {
        var original = EpisodicLife(ClockworkGame())
        try original.reset(seed: 1)
        for _ in 0..<7 { _ = try original.step(0) }
        var copy = EpisodicLife(ClockworkGame())
        try copy.restore(try #require(try original.snapshot()))
        #expect { try copy.step(0) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        try copy.reset(seed: nil)
        #expect(try #require(copy.inner as? ClockworkGame).frame == 7)
        #expect(try !copy.step(0).ended)
    }

    @Test("A snapshot names each wrapper with its settings and its environment")
    func layout() throws {
        var environment = try Self.make("action-repeat:2,max time-limit:9 reward-clip")
        try environment.reset(seed: 4)
        let snapshot = try #require(try environment.snapshot())
        #expect(snapshot.kind == "reward-clip" && snapshot.version == 1)
        func text(_ name: String) -> String? {
            guard case .uint8(let bytes)? = snapshot.values[name] else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(text("inner-kind") == "time-limit:9")
        #expect(text("inner.inner-kind") == "action-repeat:2,max")
        #expect(text("inner.inner.inner-kind") == "Clockwork-v0")
        #expect(snapshot.values["inner.inner.inner-version"] == .int64([3]))
        #expect(snapshot.values["inner.elapsed_steps"] == .int64([0]))
        #expect(snapshot.values["inner.inner.inner.frame"] == .int64([0]))
        #expect(snapshot.values.count == 3 * 2 + 2 + 1 + 4)
    }

    @Test("Refuses other wrappers, other settings and invalid states, and changes nothing")
    func refusals() throws {
        var environment = try Self.make(Self.everything)
        try environment.reset(seed: 4)
        _ = try environment.step(1)
        let sound = try #require(try environment.snapshot())
        for other in ["", "time-limit:9", "time-limit:8 episodic-life reward-clip"] {
            var stranger = try Self.make(other)
            try stranger.reset(seed: 4)
            let snapshot = try #require(try stranger.snapshot())
            #expect(throws: ModelError.self, "\(other)") { try environment.restore(snapshot) }
            #expect(try environment.snapshot() == sound)
        }
        let depth = (1...6).reversed().map { String(repeating: "inner.", count: $0 - 1) }
        let breaks: [(String, StateSnapshot.Value?)] = [
            ("inner-kind", nil), ("inner-kind", .uint8(Array("time-limit:9".utf8))), ("inner-version", .int64([7])),
            ("inner.lives", .int64([-1, 0])), ("inner.lives", .int64([3, 2])), ("inner.lives", .int64([3])),
            ("inner.inner.phase", .uint8([9])), ("inner.inner.elapsed_steps", .int64([10])),
            ("inner.inner.elapsed_steps", nil), ("\(depth[1])shown", .uint8([1])), ("\(depth[0])random", nil),
            ("\(depth[0])random", .uint64([0, 0, 0, 0])), ("\(depth[0])inner.frame", nil),
        ]
        for (name, value) in breaks {
            var snapshot = sound
            #expect(snapshot.values[name] != nil, "\(name)")
            snapshot.values[name] = value
            #expect(throws: ModelError.self, "\(name)") { try environment.restore(snapshot) }
            #expect(try environment.snapshot() == sound, "\(name)")
        }
    }

    @Test("An environment without snapshots has none in a wrapper either")
    func uncapturable() throws {
        struct Mute: Environment {
            var specification: EnvironmentSpecification { ClockworkGame().specification }
            func reset(seed: UInt64?) {}
            func step(_ action: Int) -> StepOutcome { StepOutcome(reward: 0, terminated: false, truncated: false) }
            func observe(into observation: inout Observation) {}
            func snapshot() -> StateSnapshot? { nil }
            func restore(_ snapshot: StateSnapshot) {}
            func renderANSI() -> String { "" }
        }
        let list = try WrapperList(parsing: "no-op-start:3 action-repeat:2,max time-limit:9 reward-clip")
        var environment = try list.wrap(Mute(), for: .training)
        try environment.reset(seed: 4)
        #expect(try environment.snapshot() == nil)
    }
}
