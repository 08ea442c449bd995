import DQNEnvironments
import DQNModel
import Testing

/// Every form of state that a snapshot can hold is restored exactly; the others are refused by name.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumStateTests {
    private func make(_ name: String) throws -> GymnasiumEnvironment {
        try Gymnasium.make("dqn_state_environments:\(name)-v0")
    }

    /// The rewards of some steps; they show the state. Episodes have 200 steps.
    private func play(_ environment: GymnasiumEnvironment, _ actions: [Int]) throws -> [Double] {
        try actions.map { action in
            let outcome = try environment.step(action)
            if outcome.ended { try environment.reset(seed: nil) }
            return outcome.reward
        }
    }

    @Test(
        "Continues in a new process",
        arguments: [
            "Pieces", "Dice", "Iterators", "Words", "Cards", "Bits", "Keys", "Grids", "Remembering", "Chest",
            "Engraved", "Turned",
        ])
    func continues(name: String) throws {
        let (original, fresh) = (try make(name), try make(name))
        var choices = RandomGenerator(seed: 3, stream: "test")
        let actions = (0..<270).map { _ in choices.integer(below: 2) }
        try original.reset(seed: 11)
        _ = try play(original, Array(actions[..<31]))
        let snapshot = try #require(try original.snapshot(), "\(original.captureObstacle ?? "")")
        try fresh.restore(snapshot)
        #expect(try fresh.snapshot() == snapshot)
        let expected = try play(original, Array(actions[31...]))
        #expect(Set(expected).count > 1)
        #expect(try play(fresh, Array(actions[31...])) == expected)
        #expect(try fresh.snapshot() == original.snapshot())
    }

    @Test(
        "Names the attribute and its type",
        arguments: [
            ("Visitor", "'Visitor.visited' is a set, which is not data"),
            ("Spawner", "'Spawner._np_random' is a generator that has spawned others"),
            ("Borrower", "'Borrower.errors[0]' is a ValueError, which is not data"),
            ("Writer", "'Writer.choose' is a generator, which is not data"),
            ("Strided", "'Strided.columns' is a view that skips or repeats elements of an array"),
            ("Swapped", "'Swapped.numbers' is an array whose byte order is not this machine's"),
            ("Counting", "'Counting.numbered' iterates over a dqn_state_environments.Hand, which is not data"),
            (
                "Stranger",
                "'Stranger.greet' is a method of a dqn_state_environments.Stranger, whose class does not define it"
            ),
        ])
    func refuses(name: String, reason: String) throws {
        let environment = try make(name)
        try environment.reset(seed: 1)
        _ = try environment.step(1)
        #expect(try environment.snapshot() == nil)
        #expect(environment.captureObstacle == reason)
    }

    @Test("Equal runs have equal generators of spaces, even ones that the constructor makes without a seed")
    func spacesWithoutSeed() throws {
        let (first, second) = (try make("Chest"), try make("Chest"))
        try first.reset(seed: 1)
        try second.reset(seed: 1)
        #expect(try play(first, [0, 1, 0]) == play(second, [0, 1, 0]))
        #expect(try first.snapshot() == second.snapshot())
    }

    @Test("A wrapper hands on the reason")
    func wrapped() throws {
        let environment = try WrapperList(parsing: "time-limit:7 reward-clip").wrap(make("Visitor"), for: .training)
        var wrapped = environment
        try wrapped.reset(seed: 1)
        #expect(try wrapped.snapshot() == nil)
        let reason = (wrapped as? any CaptureExplaining)?.captureObstacle
        #expect(reason == "'Visitor.visited' is a set, which is not data")
    }

    @Test("Makes no object of a class that the environment's modules do not define")
    func foreignClasses() throws {
        let environment = try make("Pieces")
        try environment.reset(seed: 1)
        var snapshot = try #require(try environment.snapshot())
        guard case .uint8(let bytes) = snapshot.values["attributes"] else {
            throw ModelError(code: .invalidSnapshot, message: "")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let own = #""object": "Piece", "module": "dqn_state_environments""#
        try #require(text.contains(own))
        for foreign in [
            #""object": "Popen", "module": "subprocess""#, #""object": "Env", "module": "gymnasium.core""#,
            #""object": "Nothing", "module": "dqn_state_environments""#,
        ] {
            snapshot.values["attributes"] = .uint8(Array(text.replacing(own, with: foreign).utf8))
            #expect {
                try environment.restore(snapshot)
            } throws: {
                ($0 as? EnvironmentError)?.code == .stateNotApplicable
            }
        }
    }

    @Test("Restores a state that was captured inside the passive checker")
    func passiveChecker() throws {
        let id = "CartPole-v1?disable_env_checker=false"
        let checked = try Gymnasium.make(id)
        try checked.reset(seed: 4)
        _ = try play(checked, [0, 1, 1])
        let snapshot = try #require(try checked.snapshot())
        let expected = try play(checked, Array(repeating: 1, count: 60))
        let plain = try Gymnasium.make("CartPole-v1")
        // A run without the option stores its kind without it.
        try plain.restore(StateSnapshot(kind: "gym:CartPole-v1", version: snapshot.version, values: snapshot.values))
        #expect(try play(plain, Array(repeating: 1, count: 60)) == expected)
    }

    @Test("Gymnasium's wrappers wrap in order, show in the specification, and are captured")
    func wrappers() throws {
        let id =
            #"CartPole-v1?wrapper=TimeLimit:7,wrapper=FrameStackObservation:{"stack_size":3%2C"padding_type":"zero"}"#
        let environment = try Gymnasium.make(id)
        #expect(environment.specification.observationSpace.shape == [3, 4])
        #expect(environment.specification.maximumEpisodeSteps == 7)
        #expect(environment.specification.provenance["wrappers"]?.hasPrefix("FrameStackObservation, TimeLimit") == true)
        try environment.reset(seed: 1)
        var lengths: [Int] = []
        for step in 1...20 where try environment.step(step % 2).ended {
            lengths.append(step)
            try environment.reset(seed: nil)
        }
        #expect(lengths == [7, 14])
        let snapshot = try #require(try environment.snapshot())
        let fresh = try Gymnasium.make(id)
        try fresh.restore(snapshot)
        #expect(try play(fresh, [0, 1, 0, 1]) == play(environment, [0, 1, 0, 1]))
        // The wrapper makes generators of spaces; equal runs have equal ones.
        let (first, second) = (try Gymnasium.make(id), try Gymnasium.make(id))
        try first.reset(seed: 1)
        try second.reset(seed: 1)
        #expect(try first.snapshot() == second.snapshot())
    }

    @Test("Wrappers of other modules take arguments and are captured")
    func ownWrappers() throws {
        let id = "CartPole-v1?wrapper=dqn_test_environments.Scaled:0.25"
        let (wrapped, plain) = (try Gymnasium.make(id), try Gymnasium.make("CartPole-v1"))
        for environment in [wrapped, plain] { try environment.reset(seed: 3) }
        var (scaled, whole) = ([Float](), [Float]())
        for action in [0, 1, 1] {
            for (environment, isWrapped) in [(wrapped, true), (plain, false)] {
                _ = try environment.step(action)
                var observation = Observation(zerosOf: environment.specification.observationSpace)
                environment.observe(into: &observation)
                let values = observation.withBytes { Array($0.bindMemory(to: Float.self)) }
                if isWrapped { scaled += values } else { whole += values }
            }
        }
        #expect(scaled == whole.map { $0 * 0.25 })
        let snapshot = try #require(try wrapped.snapshot())
        let fresh = try Gymnasium.make(id)
        try fresh.restore(snapshot)
        #expect(try play(fresh, [0, 1, 0, 1]) == play(wrapped, [0, 1, 0, 1]))
    }

    @Test(
        "Names environments of the older API, with the remedy",
        arguments: [
            ("OldReset", "its reset takes no seed"),
            ("OldResult", "its reset does not return an observation and a dictionary of information"),
            ("OldStep", "its step returns four values, not five"),
        ])
    func olderAPI(name: String, reason: String) throws {
        #expect {
            let environment = try make(name)
            try environment.reset(seed: 1)
            _ = try environment.step(0)
        } throws: {
            "\($0)".contains("uses the older API of the package gym: \(reason); port it to Gymnasium")
                && ($0 as? EnvironmentError)?.code == .environmentFailed
        }
    }

    @Test("A tuple of the environment's own with four values is not the older API")
    func shortTuple() throws {
        let environment = try make("Unpacker")
        try environment.reset(seed: 1)
        #expect {
            _ = try environment.step(0)
        } throws: {
            "\($0)".contains("it raised ValueError: not enough values to unpack (expected 5, got 4)")
                && !"\($0)".contains("older API")
        }
    }
}
