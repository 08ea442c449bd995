import DQNEnvironments
import DQNModel
import Testing

/// Observations equal those of OpenCV and Gymnasium byte for byte.
@Suite struct AtariPixelsTests {
    /// Shows the given bytes, one frame after another.
    private struct Slides: Environment {
        let space: ObservationSpace
        let slides: [[UInt8]]
        var number = 0
        var specification: EnvironmentSpecification {
            EnvironmentSpecification(id: "Slides-v0", observationSpace: space, actionMeanings: ["noop"])
        }
        mutating func reset(seed: UInt64?) { number = 0 }
        mutating func step(_ action: Int) -> StepOutcome {
            number += 1
            return StepOutcome(reward: 0, terminated: false, truncated: false)
        }
        func observe(into observation: inout Observation) {
            let bytes = slides[number]
            observation.withMutableBytes { $0.copyBytes(from: bytes) }
        }
        func snapshot() -> StateSnapshot? { nil }
        func restore(_ snapshot: StateSnapshot) {}
        func renderANSI() -> String { "" }
    }

    private func hash(_ index: Int, salt: UInt32) -> UInt32 {
        var x = UInt32(truncatingIfNeeded: index) &+ salt &* 0x9E37_79B9
        x ^= x >> 16
        x = x &* 0x85EB_CA6B
        x ^= x >> 13
        x = x &* 0xC2B2_AE35
        return x ^ (x >> 16)
    }

    @Test("Noise, which covers every value and every rounding")
    func noise() throws {
        #expect(AtariRecording.shared.noise.count == 6)
        for noise in AtariRecording.shared.noise {
            let slides = Slides(
                space: ObservationSpace(shape: [noise.rows, noise.columns], element: .uint8),
                slides: [(0..<noise.rows * noise.columns).map { UInt8(hash($0, salt: 9) >> 24) }])
            let environment = try AtariPixels(slides, side: noise.side)
            #expect(environment.specification.observationSpace.shape == [noise.side, noise.side])
            #expect(environment.shown.bytes == [UInt8](noise.picture), "\(noise.rows), \(noise.side)")
        }
    }

    @Test("Pairs of recorded frames: the maximum of each pixel, then the square")
    func wholeFrames() throws {
        let samples = AtariRecording.shared.games.flatMap(\.whole)
        #expect(samples.count == 5)
        var flickers = 0
        for sample in samples {
            let frames = sample.frames.map(AtariRecording.expanded)
            let slides = Slides(
                space: ObservationSpace(shape: [210, 160], element: .uint8), slides: frames + [frames[0]])
            for (index, side) in [84, 42].enumerated() {
                var environment = try AtariPixels(ActionRepeat(slides, count: 2, takesMaximum: true), side: side)
                // Frames 1 and 2: the second recorded one, and the first again.
                _ = try environment.step(0)
                #expect(environment.shown.bytes == [UInt8](sample.pictures[index]), "\(side)")
            }
            if zip(frames[0], frames[1]).contains(where: { $0 > $1 }) { flickers += 1 }
        }
        // Otherwise the last frame alone would be enough.
        #expect(flickers > 0)
    }

    @Test("Colours become the emulator's own greys")
    func colours() throws {
        let recorded = AtariRecording.shared.colours
        let (colours, greys) = ([UInt8](recorded.colours), [UInt8](recorded.greys))
        #expect(greys.count > 60)
        // Fields of 84 by 84 pixels of each colour, which keep their size.
        let area = 84 * 84
        for index in greys.indices {
            let planes = (0..<3).flatMap { [UInt8](repeating: colours[3 * index + $0], count: area) }
            let slides = Slides(space: ObservationSpace(shape: [3, 84, 84], element: .uint8), slides: [planes])
            #expect(
                try AtariPixels(slides, side: 84).shown.bytes == [UInt8](repeating: greys[index], count: area),
                "\(colours[3 * index..<3 * index + 3])")
        }
    }
}

/// Whole games in Gymnasium with the wrappers, compared with the recording.
@Suite(.enabled(if: Gymnasium.hasALE, "\(Gymnasium.reason)")) struct AtariGameTests {
    private func check(_ environment: any Environment) -> String { AtariRecording.check(environment.shown.bytes) }

    @Test(
        "Reproduces every picture, reward and life of recorded games, and every frame of the emulator", arguments: 0..<4
    )
    func games(index: Int) throws {
        let game = AtariRecording.shared.games[index]
        var raw = try EnvironmentRegistry.make("gym:\(game.environment)")
        try raw.reset(seed: game.seed)
        var frames = game.frames[...]
        try #require(check(raw) == frames.popFirst())
        var large = try EnvironmentRegistry.make(
            "gym:\(game.environment)", wrappers: ["action-repeat:4,max", "atari-pixels:84"])
        var small = try EnvironmentRegistry.make(
            "gym:\(game.environment)", wrappers: ["action-repeat:4,max", "atari-pixels:42"])
        #expect(large.specification.framesPerStep == 4)
        try large.reset(seed: game.seed)
        try small.reset(seed: game.seed)
        #expect(check(large) == game.pictures[0] && check(small) == game.smallPictures[0])
        #expect(large.lives == game.lives[0])
        for (step, digit) in game.actions.enumerated() {
            let action = try #require(digit.wholeNumberValue)
            for _ in 0..<4 {
                guard let expected = frames.popFirst() else { break }
                _ = try raw.step(action)
                try #require(check(raw) == expected, "step \(step)")
            }
            let outcome = try large.step(action)
            #expect(try small.step(action) == outcome)
            try #require(outcome.reward == game.rewards[step], "step \(step)")
            try #require(large.lives == game.lives[step + 1], "step \(step)")
            try #require(outcome.ended == (game.ended && step == game.actions.count - 1), "step \(step)")
            // At the end of a game Gymnasium shows earlier frames.
            if let picture = game.pictures[step + 1] { try #require(check(large) == picture, "step \(step)") }
            if let picture = game.smallPictures[step + 1] { try #require(check(small) == picture, "step \(step)") }
        }
        #expect(frames.isEmpty)
    }

    @Test("All wrappers continue exactly from a snapshot, across lives and games")
    func snapshots() throws {
        let id = "gym:ALE/Breakout-v5?frameskip=1,obs_type=grayscale"
        let wrappers =
            "no-op-start:30 action-repeat:4,max atari-pixels:84 time-limit:27000 episodic-life reward-clip"
            .split(separator: " ").map(String.init)
        var original = try EnvironmentRegistry.make(id, wrappers: wrappers, for: .training)
        try original.reset(seed: 2)
        var choices = RandomGenerator(seed: 3, stream: "test")
        var restored = try EnvironmentRegistry.make(id, wrappers: wrappers, for: .training)
        for _ in 0..<3 {
            _ = try play(&original, 57, &choices)
            let snapshot = try #require(try original.snapshot())
            try restored.restore(snapshot)
            #expect(try restored.snapshot() == snapshot)
            var second = choices
            let expected = try play(&original, 250, &choices)
            #expect(try play(&restored, 250, &second) == expected)
            #expect(expected.contains { $0.contains("endsForLearningOnly: true") })
            #expect(expected.contains { $0.contains("terminated: true") && $0.contains("LearningOnly: false") })
        }
    }

    private func play(
        _ environment: inout any Environment, _ steps: Int, _ generator: inout RandomGenerator
    ) throws -> [String] {
        try (0..<steps).map { _ in
            let outcome = try environment.step(generator.integer(below: environment.specification.actionCount))
            if outcome.ended { try environment.reset(seed: nil) }
            return "\(outcome) \(environment.lives ?? -1) \(check(environment))"
        }
    }
}
