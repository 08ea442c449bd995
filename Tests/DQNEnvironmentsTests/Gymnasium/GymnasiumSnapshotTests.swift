import DQNEnvironments
import DQNModel
import Testing

/// Snapshots of Gymnasium's environments are complete or refused.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumSnapshotTests {
    @Test(
        "A restored environment continues like the original, across resets, in another process",
        arguments: ["CartPole-v1", "MountainCar-v0", "Acrobot-v1"], [0, 1, 37])
    func continues(id: String, steps: Int) throws { try checkContinuation(id, steps) }

    @Test(
        "MinAtar continues too, whose game is a separate object",
        .enabled(if: Gymnasium.hasMinAtar, "\(Gymnasium.reason)"),
        arguments: ["MinAtar/Breakout-v1", "MinAtar/Seaquest-v1"])
    func continues(id: String) throws { try checkContinuation(id, 41) }

    @Test(
        "Atari continues from any step, even with a sticky action, and a snapshot leaves it unchanged",
        .enabled(if: Gymnasium.hasALE, "\(Gymnasium.reason)"), arguments: ["ALE/Pong-v5", "ALE/Breakout-v5"])
    func atari(id: String) throws {
        let (captured, undisturbed, restored) = (try Gymnasium.make(id), try Gymnasium.make(id), try Gymnasium.make(id))
        try captured.reset(seed: 7)
        try undisturbed.reset(seed: 7)
        var choices = RandomGenerator(seed: 3, stream: "test")
        for round in 0..<25 {
            let snapshot = try #require(try captured.snapshot())
            try restored.restore(snapshot)
            var (second, third) = (choices, choices)
            let steps = 6 + round % 5
            let expected = try play(undisturbed, steps, &choices)
            #expect(try play(captured, steps, &second) == expected, "round \(round)")
            #expect(try play(restored, steps, &third) == expected, "round \(round)")
        }
        let snapshot = try #require(try captured.snapshot())
        try restored.restore(snapshot)
        #expect(try restored.snapshot() == snapshot)
        var second = choices
        let expected = try play(undisturbed, 300, &choices)
        #expect(try play(restored, 300, &second) == expected)
    }

    private func checkContinuation(_ id: String, _ steps: Int) throws {
        let original = try Gymnasium.make(id)
        try original.reset(seed: 11)
        var choices = RandomGenerator(seed: 3, stream: "test")
        _ = try play(original, steps, &choices)
        let snapshot = try #require(try original.snapshot())
        let restored = try Gymnasium.make(id)
        try restored.reset(seed: 999)
        try restored.restore(snapshot)
        #expect(try restored.snapshot() == snapshot)
        let fresh = try Gymnasium.make(id)
        try fresh.restore(snapshot)
        var (second, third) = (choices, choices)
        let expected = try play(original, 400, &choices)
        #expect(try play(restored, 400, &second) == expected)
        #expect(try play(fresh, 400, &third) == expected)
        #expect(try restored.snapshot() == original.snapshot())
    }

    /// The result of each step, resets included.
    private func play(
        _ environment: GymnasiumEnvironment, _ steps: Int, _ generator: inout RandomGenerator
    ) throws -> [[UInt8]] {
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        return try (0..<steps).map { _ in
            let outcome = try environment.step(generator.integer(below: environment.specification.actionCount))
            if outcome.ended { try environment.reset(seed: nil) }
            environment.observe(into: &observation)
            return observation.bytes + "\(outcome)".utf8
        }
    }

    @Test("Restores a snapshot from before the first reset")
    func beforeFirstReset() throws {
        let snapshot = try #require(try Gymnasium.make("CartPole-v1").snapshot())
        let other = try Gymnasium.make("CartPole-v1")
        try other.reset(seed: 1)
        try other.restore(snapshot)
        #expect(throws: EnvironmentError.self) { try other.step(0) }
        #expect(try other.snapshot() == snapshot)
    }

    @Test(
        "State that is not data, or outside the environment, prevents a snapshot",
        arguments: [
            ("Keeper", "'Keeper.kept' is a set, which is not data"),
            ("Gambler", "it draws from the generator that all Python code shares (random or numpy.random)"),
            ("Teller", "'Teller.tell_more' is a function whose closure may hold state"),
            ("Mumbler", "'Mumbler.tell' is a builtin_function_or_method, which is not data"),
        ])
    func notCapturable(name: String, reason: String) throws {
        let environment = try Gymnasium.testing(name)
        try environment.reset(seed: 1)
        _ = try environment.step(0)
        #expect(try environment.snapshot() != nil)
        #expect(environment.captureObstacle == nil)
        _ = try environment.step(1)
        #expect(try environment.snapshot() == nil)
        #expect(environment.captureObstacle == reason)
    }

    @Test(
        "Restores enumeration members, shared objects and numbers that JSON cannot represent",
        arguments: ["Ghost", "Walker", "Loser"])
    func unusualData(name: String) throws {
        let (original, fresh) = (try Gymnasium.testing(name), try Gymnasium.testing(name))
        try original.reset(seed: 1)
        func rewards(_ environment: GymnasiumEnvironment, _ actions: [Int]) throws -> [Double] {
            try actions.map { try environment.step($0).reward }
        }
        let first = try rewards(original, [0])
        #expect(try rewards(original, [1, 0]).last != first[0])
        let snapshot = try #require(try original.snapshot())
        try fresh.restore(snapshot)
        #expect(try fresh.snapshot() == snapshot)
        #expect(try rewards(fresh, [0, 1, 0]) == rewards(original, [0, 1, 0]))
        // Restoring must not change what the environments share.
        try fresh.reset(seed: 1)
        #expect(try rewards(fresh, [0]) == first)
        #expect(try !attributes(of: snapshot).contains(/NaN|Infinity/))
    }

    @Test("Restores older snapshots with constants and non-finite numbers")
    func olderSnapshots() throws {
        let member = #"{"enum": ["dqn_test_environments", "Mode", "SCATTER"]}"#
        let constant = #"{"constant": "Mode.SCATTER"}"#
        for (name, changes) in [
            ("Ghost", [(#"{"list": [\#(member)]}"#, constant), (member, constant)]),
            ("Loser", [(#"{"float": "nan"}"#, "NaN"), (#"{"float": "-inf"}"#, "-Infinity")]),
        ] {
            let environment = try Gymnasium.testing(name)
            try environment.reset(seed: 1)
            let snapshot = try #require(try environment.snapshot())
            var older = snapshot
            var text = try attributes(of: snapshot)
            for (new, old) in changes {
                try #require(text.contains(new))
                text = text.replacing(new, with: old)
            }
            older.values["attributes"] = .uint8(Array(text.utf8))
            try environment.restore(older)
            #expect(try environment.snapshot() == snapshot)
        }
    }

    @Test(
        "Refuses a state that does not fit a new environment", arguments: ["Caller", "Teller"])
    func notApplicable(name: String) throws {
        let (original, fresh) = (try Gymnasium.testing(name), try Gymnasium.testing(name))
        try original.reset(seed: 1)
        _ = try original.step(name == "Teller" ? 0 : 1)
        let snapshot = try #require(try original.snapshot())
        #expect {
            try fresh.restore(snapshot)
        } throws: {
            ($0 as? EnvironmentError)?.code == .stateNotApplicable
                && "\($0)".contains(name == "Teller" ? "'Teller.tell'" : "'Caller.call'")
        }
        try fresh.reset(seed: 1)
        _ = try fresh.step(0)
    }

    private func attributes(of snapshot: StateSnapshot) throws -> String {
        guard case .uint8(let bytes) = snapshot.values["attributes"] else {
            throw ModelError(code: .invalidSnapshot, message: "The attributes are missing.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "Box2D has no snapshots, since its world is not data", .enabled(if: Gymnasium.hasBox2D, "\(Gymnasium.reason)"))
    func lunarLander() throws {
        let environment = try Gymnasium.make("LunarLander-v3")
        try environment.reset(seed: 1)
        #expect(try environment.snapshot() == nil)
    }

    @Test("Refuses a snapshot of another version, naming it")
    func otherVersions() throws {
        let environment = try Gymnasium.make("CartPole-v1")
        try environment.reset(seed: 1)
        var snapshot = try #require(try environment.snapshot())
        guard case .uint8(let bytes) = snapshot.values["identity"] else {
            throw ModelError(code: .invalidSnapshot, message: "")
        }
        let text = String(decoding: bytes, as: UTF8.self).replacing(
            /"gymnasium":"[^"]*"/, with: "\"gymnasium\":\"0.9\"")
        snapshot.values["identity"] = .uint8(Array(text.utf8))
        #expect {
            try environment.restore(snapshot)
        } throws: {
            ($0 as? ModelError)?.code == .invalidSnapshot && "\($0)".contains("it was taken with gymnasium '0.9'")
        }
    }

    @Test(
        "Refuses a modified snapshot and changes nothing",
        arguments: ["{}", "[", "[{}]", "[[], [], [], []]", "[{}, {}, {}, {\"state\": {\"array\": [7, \"<f8\", [4]]}}]"])
    func damaged(document: String) throws {
        let environment = try Gymnasium.make("CartPole-v1")
        try environment.reset(seed: 1)
        _ = try environment.step(0)
        let before = try #require(try environment.snapshot())
        var snapshot = before
        snapshot.values["attributes"] = .uint8(Array(document.utf8))
        #expect {
            try environment.restore(snapshot)
        } throws: { ($0 as? ModelError)?.code == .invalidSnapshot }
        #expect(try environment.snapshot() == before)
    }
}
