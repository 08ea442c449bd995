import DQNEnvironments
import DQNModel
import Testing

@Suite struct WrapperListTests {
    /// Wrappers are nested, and a list may come from a file of a stranger.
    @Test func boundsTheNumberOfWrappers() throws {
        #expect(try WrapperList(Array(repeating: "reward-clip", count: 64)).texts.count == 64)
        let error = #expect(throws: EnvironmentError.self) {
            try WrapperList(Array(repeating: "reward-clip", count: 100_000))
        }
        #expect(error?.code == .invalidWrapper && error?.message.contains("100000 wrappers; at most 64") == true)
    }

    @Test("Parses a list and writes it in canonical form")
    func texts() throws {
        let list = try WrapperList(
            parsing: "  no-op-start:30 action-repeat:4,max\tatari-pixels:84 observation-scale:.5,0 time-limit:07 "
                + "observation-scale:-1e-1,2 action-repeat:1 episodic-life\nreward-clip fire-on-reset reward-scale:1e-1 "
                + "reward-normalize reward-normalize:.990 reward-normalize:0.5")
        #expect(
            list.texts == [
                "no-op-start:30", "action-repeat:4,max", "atari-pixels:84", "observation-scale:0.5", "time-limit:7",
                "observation-scale:-0.1,2.0", "action-repeat:1", "episodic-life", "reward-clip",
                "fire-on-reset", "reward-scale:0.1", "reward-normalize", "reward-normalize", "reward-normalize:0.5",
            ])
        #expect(try WrapperList(list.texts) == list)
        #expect(try WrapperList(parsing: "").texts == [])
    }

    @Test("Bounds the frames of an action, which runs count")
    func manyFrames() throws {
        let one = try EnvironmentRegistry.make(
            "CartPole-v1", wrappers: ["action-repeat:1000", "action-repeat:1000"], for: .training)
        #expect(one.specification.framesPerStep == 1_000_000)
        for count in [3, 7, 64] {
            #expect {
                try EnvironmentRegistry.make(
                    "CartPole-v1", wrappers: Array(repeating: "action-repeat:1000", count: count), for: .training)
            } throws: {
                ($0 as? EnvironmentError)?.code == .invalidWrapper && "\($0)".contains("more than 1000000 frames")
            }
        }
    }

    @Test(
        "Refuses an invalid wrapper with the nearest name or its syntax",
        arguments: [
            ("action-repeet:4", "Unknown wrapper 'action-repeet'; did you mean 'action-repeat'?"),
            ("rewardclip", "did you mean 'reward-clip'?"), ("jump", "choose from action-repeat, atari-pixels"),
            (":4", "Unknown wrapper ''"), ("action-repeat", "write action-repeat:N or action-repeat:N,max"),
            ("action-repeat:0", "N from 1 to 1000"), ("action-repeat:4,min", "action-repeat:N,max"),
            ("action-repeat:4,max,max", "action-repeat:N,max"), ("time-limit:", "time-limit:N"),
            ("time-limit:1,2", "time-limit:N"), ("time-limit:99999999999", "1 to 2147483647"),
            ("atari-pixels:64", "atari-pixels:84 or atari-pixels:42"), ("no-op-start:1001", "1 to 1000"),
            ("observation-scale:0", "the factor not 0"), ("observation-scale:nan", "FACTOR"),
            ("observation-scale:1,x", "FACTOR,OFFSET"), ("reward-clip:1", "write reward-clip"),
            ("episodic-life:3", "write episodic-life"), ("fire-on-reset:1", "write fire-on-reset"),
            ("reward-scale", "write reward-scale:FACTOR"), ("reward-scale:0", "the factor not 0"),
            ("reward-scale:inf", "reward-scale:FACTOR"), ("reward-normalize:1.5", "with GAMMA from 0 to 1"),
            ("reward-normalise", "did you mean 'reward-normalize'?"),
        ])
    func refusals(text: String, part: String) {
        #expect {
            try WrapperList(parsing: "time-limit:9 \(text)")
        } throws: {
            guard let error = $0 as? EnvironmentError else { return false }
            return error.code == .invalidWrapper && error.message.contains(part)
        }
    }

    @Test("The first wrapper is the innermost; play omits those for training only")
    func order() throws {
        let list = try WrapperList(parsing: "reward-clip action-repeat:2 episodic-life time-limit:2 reward-clip")
        var training = try list.wrap(ClockworkGame(), for: .training)
        try training.reset(seed: 1)
        // Each reward is clipped within the repetition, and their sum again.
        #expect(try training.step(1).reward == 1)
        #expect(try training.step(2).rawReward == -6)
        var playing = try list.wrap(ClockworkGame(), for: .playing)
        try playing.reset(seed: 1)
        #expect(try playing.step(1).reward == 10)
        let last = try playing.step(2)
        #expect(last.reward == -6 && last.truncated && last.isGameOver)
        #expect(try EnvironmentRegistry.make("Catch-v0", wrappers: []) is Catch)
    }

    @Test(
        "Refuses a wrapper that does not fit the environment, with the reason",
        arguments: [
            ("CartPole-v1", "no-op-start:3", "not 'noop'"),
            ("CartPole-v1", "fire-on-reset", "its action 1 is not 'fire'"),
            ("CartPole-v1", "action-repeat:2,max", "its observations are not bytes"),
            ("CartPole-v1", "atari-pixels:84", "it needs bytes of shape [rows, columns]"),
            ("Catch84-v0", "atari-pixels:42 atari-pixels:84", "with at least 84 rows and columns"),
            ("Catch84-v0", "action-repeat:3 action-repeat:4,max", "it already takes 3 frames per step"),
            ("Catch84-v0", "observation-scale:2", "its observations are bytes"),
        ])
    func unfit(id: String, wrappers: String, part: String) {
        #expect {
            try EnvironmentRegistry.make(id, wrappers: wrappers.split(separator: " ").map(String.init))
        } throws: {
            guard let error = $0 as? EnvironmentError else { return false }
            return error.code == .invalidWrapper && error.message.contains(part) && error.message.contains(id)
        }
    }
}
