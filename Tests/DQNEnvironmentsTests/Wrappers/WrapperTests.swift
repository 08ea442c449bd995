import DQNEnvironments
import DQNModel
import Testing

/// The effect of each wrapper on a game with known frames.
@Suite struct WrapperTests {
    @Test("Repeats actions and sums rewards until the episode ends")
    func repetition() throws {
        var environment = try ActionRepeat(ClockworkGame(), count: 4)
        #expect(environment.specification.framesPerStep == 4)
        #expect(environment.specification.maximumEpisodeSteps == 13)
        try environment.reset(seed: 1)
        #expect(environment.shown.bytes == [0, 1].map { ClockworkGame.value($0, frame: 0) })
        let outcome = try environment.step(1)
        #expect(outcome == StepOutcome(reward: 20, terminated: false, truncated: false))
        #expect((environment.inner as? ClockworkGame)?.frame == 4)
        #expect(environment.shown.bytes == [0, 1].map { ClockworkGame.value($0, frame: 4) })
        for _ in 2...5 { #expect(try !environment.step(2).ended) }
        // Frame 21 is the last.
        let last = try environment.step(2)
        #expect(last.reward == -3 && last.terminated && (environment.inner as? ClockworkGame)?.frame == 21)
    }

    @Test("The maximum covers the last two frames, and one alone at the beginning and at an early end")
    func maximum() throws {
        let game = ClockworkGame(space: ObservationSpace(shape: [5], element: .uint8))
        func frame(_ number: Int) -> [UInt8] { (0..<5).map { ClockworkGame.value($0, frame: number) } }
        var mixtures = 0
        for count in [1, 2, 4] {
            var environment = try ActionRepeat(game, count: count, takesMaximum: true)
            try environment.reset(seed: 1)
            #expect(environment.shown.bytes == frame(0))
            for number in stride(from: count, to: 21, by: count) {
                _ = try environment.step(0)
                let expected = count == 1 ? frame(number) : zip(frame(number), frame(number - 1)).map(max)
                #expect(environment.shown.bytes == expected, "\(count), frame \(number)")
                if expected != frame(number), expected != frame(number - 1) { mixtures += 1 }
            }
            _ = try environment.step(0)
            #expect(environment.shown.bytes == frame(21))
            try environment.reset(seed: nil)
            #expect(environment.shown.bytes == frame(0))
        }
        // Some pixels come from each frame, so neither alone is enough.
        #expect(mixtures > 5)
    }

    @Test("A time limit truncates without terminating")
    func timeLimit() throws {
        var environment = TimeLimit(ClockworkGame(), steps: 3)
        #expect(environment.specification.maximumEpisodeSteps == 3)
        #expect(TimeLimit(ClockworkGame(), steps: 90).specification.maximumEpisodeSteps == 50)
        #expect(throws: EnvironmentError.self) { try environment.step(0) }
        for _ in 0..<2 {
            try environment.reset(seed: nil)
            #expect(try !environment.step(0).ended)
            #expect(try !environment.step(0).ended)
            let last = try environment.step(0)
            #expect(last.truncated && !last.terminated && last.isGameOver)
            #expect { try environment.step(0) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        }
        #expect { try environment.step(7) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        var later = TimeLimit(ClockworkGame(), steps: 21)
        try later.reset(seed: 1)
        for _ in 1..<21 { #expect(try !later.step(0).ended) }
        let both = try later.step(0)
        #expect(both.terminated && both.truncated)
    }

    @Test("A clipped reward is its sign; the raw reward stays")
    func rewardClip() throws {
        var environment = RewardClip(ClockworkGame())
        try environment.reset(seed: 1)
        let outcomes = try [0, 1, 2].map { try environment.step($0) }
        #expect(outcomes.map(\.reward) == [0, 1, -1])
        #expect(outcomes.map(\.rawReward) == [0, 5, -3])
    }

    @Test("Observations are scaled")
    func observationScale() throws {
        let game = ClockworkGame(space: ObservationSpace(shape: [4], element: .float32))
        var environment = try ObservationScale(game, factor: 0.5, offset: -2)
        try environment.reset(seed: 1)
        _ = try environment.step(0)
        #expect(environment.shown.floats == (0..<4).map { Float(ClockworkGame.value($0, frame: 1)) * 0.5 - 2 })
    }

    @Test("An episode begins after 1 to N no-op steps, uniformly drawn and determined by the seed")
    func noOpStart() throws {
        var environment = try NoOpStart(ClockworkGame(lifeCount: 9), most: 5)
        var counts: [Int: Int] = [:]
        for seed in UInt64(0)..<500 {
            try environment.reset(seed: seed)
            let first = try #require(environment.inner as? ClockworkGame)
            #expect(first.actions.allSatisfy { $0 == 0 } && first.seed == seed)
            counts[first.frame, default: 0] += 1
            try environment.reset(seed: nil)
            let second = try #require(environment.inner as? ClockworkGame).frame
            try environment.reset(seed: seed)
            #expect(try #require(environment.inner as? ClockworkGame).frame == first.frame)
            try environment.reset(seed: nil)
            #expect(try #require(environment.inner as? ClockworkGame).frame == second)
        }
        #expect(counts.keys.sorted() == [1, 2, 3, 4, 5])
        #expect(counts.values.allSatisfy { (70...130).contains($0) }, "\(counts)")
    }

    @Test("A game that ends during the no-op steps begins again")
    func noOpStartBeyondTheEnd() throws {
        var environment = try NoOpStart(ClockworkGame(framesPerLife: 2, lifeCount: nil), most: 30)
        for seed in UInt64(0)..<20 {
            try environment.reset(seed: seed)
            #expect(try #require(environment.inner as? ClockworkGame).frame < 2)
        }
        #expect(try #require(environment.inner as? ClockworkGame).resets > 40)
    }

    @Test("The loss of a life ends an episode, not the game")
    func episodicLife() throws {
        var environment = EpisodicLife(ClockworkGame())
        try environment.reset(seed: 5)
        for life in 1...2 {
            for frame in 1..<7 { #expect(try environment.step(1).ended == false, "life \(life), frame \(frame)") }
            let lost = try environment.step(1)
            #expect(lost.terminated && !lost.truncated && lost.endsForLearningOnly && !lost.isGameOver)
            #expect { try environment.step(1) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
            let before = environment.shown
            try environment.reset(seed: nil)
            #expect(environment.shown == before)
            #expect(try #require(environment.inner as? ClockworkGame).resets == 1)
        }
        for _ in 1..<7 { _ = try environment.step(1) }
        let over = try environment.step(1)
        #expect(over.terminated && !over.endsForLearningOnly && over.isGameOver)
        try environment.reset(seed: nil)
        #expect(try #require(environment.inner as? ClockworkGame).resets == 2)
        // A seed always begins a new game.
        for _ in 1...7 { _ = try environment.step(0) }
        try environment.reset(seed: 3)
        #expect(try #require(environment.inner as? ClockworkGame).resets == 3)
        #expect(try !environment.step(0).ended)
    }

    @Test("A life lost on the step of a time limit ends the game")
    func episodicLifeAtTheLimit() throws {
        var environment = EpisodicLife(TimeLimit(ClockworkGame(), steps: 7))
        try environment.reset(seed: 1)
        for _ in 1..<7 { _ = try environment.step(0) }
        let last = try environment.step(0)
        #expect(last.terminated && last.truncated && last.isGameOver)
        try environment.reset(seed: nil)
        #expect(try !environment.step(0).ended)
    }

    @Test("A game without lives is refused")
    func episodicLifeWithoutLives() throws {
        var environment = EpisodicLife(ClockworkGame(lifeCount: nil))
        #expect {
            try environment.reset(seed: 1)
        } throws: {
            ($0 as? EnvironmentError)?.code == .invalidWrapper && "\($0)".contains("counts no lives")
        }
    }

    @Test("Forwards everything else to the inner environment")
    func forwarding() throws {
        let game = ClockworkGame(space: ObservationSpace(shape: [90, 90], element: .uint8))
        let list = try WrapperList(
            parsing: "no-op-start:3 action-repeat:2,max atari-pixels:84 time-limit:20 episodic-life reward-clip")
        var environment = try list.wrap(game, for: .training)
        try environment.reset(seed: 1)
        #expect(environment.lives == 3)
        #expect(environment.renderANSI().hasPrefix("frame "))
        let specification = environment.specification
        #expect(specification.id == "Clockwork-v0" && specification.actionMeanings == game.meanings)
        #expect(specification.framesPerStep == 2 && specification.maximumEpisodeSteps == 20)
        #expect(specification.observationSpace == ObservationSpace(shape: [84, 84], element: .uint8))
    }
}
