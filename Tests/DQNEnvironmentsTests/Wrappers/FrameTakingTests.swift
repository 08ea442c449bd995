import DQNEnvironments
import DQNModel
import Testing

/// Repeated actions go to an environment that takes several frames at once in one call.
@Suite struct FrameTakingTests {
    /// A game that takes several frames at once, and counts the calls.
    private final class Batched: Environment, FrameTaking {
        var game: ClockworkGame
        var single = 0
        var batches: [Int] = []
        private var before: Observation

        init(_ game: ClockworkGame) {
            self.game = game
            before = Observation(zerosOf: game.space)
        }

        var specification: EnvironmentSpecification { game.specification }
        var lives: Int? { game.lives }
        func reset(seed: UInt64?) { game.reset(seed: seed) }
        func step(_ action: Int) -> StepOutcome {
            single += 1
            return game.step(action)
        }
        func observe(into observation: inout Observation) { game.observe(into: &observation) }
        func snapshot() -> StateSnapshot? { game.snapshot() }
        func restore(_ snapshot: StateSnapshot) throws { try game.restore(snapshot) }

        func takeFrames(_ action: Int, atMost count: Int, keepingTwo: Bool) -> FrameOutcome {
            batches.append(count)
            var (sum, frames) = (-0.0, 0)
            while true {
                if keepingTwo, frames == count - 1 { game.observe(into: &before) }
                var outcome = game.step(action)
                frames += 1
                sum += outcome.reward
                guard outcome.ended || frames == count else { continue }
                (outcome.reward, outcome.rawReward) = (sum, sum)
                return FrameOutcome(outcome: outcome, frames: frames)
            }
        }

        func observeMaximum(into observation: inout Observation) {
            game.observe(into: &observation)
            let before = before.bytes
            observation.withMutableBytes { bytes in
                for index in bytes.indices { bytes[index] = max(bytes[index], before[index]) }
            }
        }
    }

    private func game(_ element: ElementType) -> ClockworkGame {
        ClockworkGame(space: ObservationSpace(shape: [90, 90], element: element), framesPerLife: 6, lifeCount: 2)
    }

    @Test(
        "One call takes all frames of an action, with the results of single steps",
        arguments: [
            ("action-repeat:4,max", ElementType.uint8, [4]), ("action-repeat:5", .uint8, [5]),
            ("action-repeat:2,max", .uint8, [2]), ("action-repeat:3", .float32, [3]),
            ("observation-scale:2 action-repeat:3", .float32, [3]), ("atari-pixels:42 action-repeat:4", .uint8, [4]),
            ("no-op-start:1 action-repeat:4,max reward-clip episodic-life", .uint8, [4]),
        ])
    func batches(list: String, element: ElementType, expected: [Int]) throws {
        let batched = Batched(game(element))
        let wrappers = try WrapperList(parsing: list)
        var once = try wrappers.wrap(batched, for: .training)
        var singly = try wrappers.wrap(game(element), for: .training)
        try once.reset(seed: 1)
        try singly.reset(seed: 1)
        let before = batched.single
        var choices = RandomGenerator(seed: 2, stream: "test")
        for step in 0..<40 {
            let action = choices.integer(below: 3)
            let outcome = try singly.step(action)
            #expect(try once.step(action) == outcome)
            try #require(once.shown.bytes == singly.shown.bytes, "step \(step)")
            #expect(once.lives == singly.lives)
            #expect(try once.snapshot() == singly.snapshot())
            if outcome.ended {
                try once.reset(seed: nil)
                try singly.reset(seed: nil)
            }
        }
        #expect(Set(batched.batches) == Set(expected) && batched.batches.count == 40)
        // No-ops at the beginning of games.
        #expect(batched.single == before || list.hasPrefix("no-op"))
    }

    @Test(
        "Frames stay single where a wrapper inside looks at each of them, or none is repeated",
        arguments: [
            "reward-clip action-repeat:4", "time-limit:9 action-repeat:4", "episodic-life action-repeat:4",
            "atari-pixels:42 action-repeat:4,max", "action-repeat:1", "action-repeat:1,max",
        ])
    func single(list: String) throws {
        let batched = Batched(game(.uint8))
        var environment = try WrapperList(parsing: list).wrap(batched, for: .training)
        try environment.reset(seed: 1)
        _ = try environment.step(1)
        #expect(batched.batches.isEmpty && batched.single == (list.contains(":1") ? 1 : 4))
    }

    @Test("A start takes its no-ops in one call, and as many as single steps across ends of games")
    func noOps() throws {
        let batched = Batched(game(.uint8))
        var once = try NoOpStart(batched, most: 40)
        var singly = try NoOpStart(game(.uint8), most: 40)
        for seed in 0..<20 {
            try once.reset(seed: UInt64(seed))
            try singly.reset(seed: UInt64(seed))
            #expect(try once.snapshot() == singly.snapshot())
        }
        // A game takes twelve frames, so that some starts go through several.
        #expect(batched.batches.count > 20 && batched.batches.count < 100)
    }
}
