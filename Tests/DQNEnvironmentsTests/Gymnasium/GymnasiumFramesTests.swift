import DQNEnvironments
import DQNModel
import Testing

/// Several frames in one request equal as many single steps.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumFramesTests {
    /// Takes one frame with each request.
    private struct Single: Environment {
        let environment: GymnasiumEnvironment
        var specification: EnvironmentSpecification { environment.specification }
        var lives: Int? { environment.lives }
        var actionMask: [Bool]? { environment.actionMask }
        func reset(seed: UInt64?) throws { try environment.reset(seed: seed) }
        func step(_ action: Int) throws -> StepOutcome { try environment.step(action) }
        func observe(into observation: inout Observation) { environment.observe(into: &observation) }
        func snapshot() throws -> StateSnapshot? { try environment.snapshot() }
        func restore(_ snapshot: StateSnapshot) throws { try environment.restore(snapshot) }
    }

    /// The same environment twice: frames in one request, and singly.
    private func pair(_ name: String, _ list: String) throws -> (once: any Environment, singly: any Environment) {
        let wrappers = try WrapperList(parsing: list)
        return (
            try wrappers.wrap(Gymnasium.make(name), for: .training),
            try wrappers.wrap(Single(environment: Gymnasium.make(name)), for: .training)
        )
    }

    /// Takes random steps in both and compares everything that they show and keep.
    private func compare(
        _ once: inout any Environment, _ singly: inout any Environment, steps: Int, seed: UInt64, actions: Int
    ) throws {
        var choices = RandomGenerator(seed: seed, stream: "test")
        for step in 0..<steps {
            let action = choices.integer(below: actions)
            let outcome = try singly.step(action)
            try #require(try once.step(action) == outcome, "step \(step)")
            try #require(once.shown.bytes == singly.shown.bytes, "step \(step)")
            #expect(once.lives == singly.lives && once.actionMask == singly.actionMask)
            if step % 5 == 0 || outcome.ended { try #require(try once.snapshot() == singly.snapshot(), "step \(step)") }
            if outcome.ended {
                try once.reset(seed: nil)
                try singly.reset(seed: nil)
            }
        }
    }

    @Test(
        "Observations, rewards, ends, lives, masks and states are those of single steps",
        arguments: [
            ("kind=bytes", "action-repeat:4,max"), ("kind=reused", "action-repeat:2,max"),
            ("kind=colours", "action-repeat:3,max"), ("kind=lists", "action-repeat:4,max time-limit:4"),
            ("kind=floats", "action-repeat:7 observation-scale:0.1"),
            ("kind=entries,observation_key=screen", "action-repeat:4,max"),
        ])
    func same(options: String, list: String) throws {
        var (once, singly) = try pair("dqn_frame_environments:Clock-v0?\(options)", list)
        try once.reset(seed: 4)
        try singly.reset(seed: 4)
        try compare(&once, &singly, steps: 40, seed: 1, actions: 3)
        let snapshot = try #require(try singly.snapshot())
        try compare(&once, &singly, steps: 20, seed: 2, actions: 3)
        // A state of single steps continues with several at once, also in a new process.
        try once.restore(snapshot)
        try singly.restore(snapshot)
        try compare(&once, &singly, steps: 20, seed: 3, actions: 3)
        guard options == "kind=bytes" else { return }
        var other: any Environment = try WrapperList(parsing: list).wrap(
            Gymnasium.make("dqn_frame_environments:Clock-v0?\(options)"), for: .training)
        try other.restore(snapshot)
        try singly.restore(snapshot)
        try compare(&other, &singly, steps: 20, seed: 3, actions: 3)
    }

    @Test(
        "Atari's screens, sticky actions and generators too", .enabled(if: Gymnasium.hasALE, "\(Gymnasium.reason)"),
        arguments: [
            ("ALE/Breakout-v5?frameskip=1,obs_type=grayscale", "no-op-start:30 action-repeat:4,max atari-pixels:84"),
            ("BreakoutNoFrameskip-v4", "action-repeat:3,max episodic-life fire-on-reset"),
        ])
    func atari(name: String, list: String) throws {
        var (once, singly) = try pair(name, list)
        try once.reset(seed: 4)
        try singly.reset(seed: 4)
        try compare(&once, &singly, steps: 60, seed: 1, actions: 4)
    }

    @Test(
        "A failure in any frame is reported as that of a single step, with the frames before it counted",
        arguments: ["exception", "shape", "infinite", "text", "large"])
    func failures(fault: String) throws {
        let name = "dqn_frame_environments:Clock-v0?fault=\(fault)"
        let once = try Gymnasium.make(name)
        let singly = try Gymnasium.make(name)
        var repeating = try ActionRepeat(once, count: 4, takesMaximum: true)
        var stepping = try ActionRepeat(Single(environment: singly), count: 4, takesMaximum: true)
        // The second action fails in another frame each time.
        for episode in 0..<4 {
            try repeating.reset(seed: 7)
            try stepping.reset(seed: 7)
            #expect(try repeating.step(0) == stepping.step(0))
            let expected = try #require(failure { try stepping.step(2) })
            let error = try #require(failure { try repeating.step(2) })
            #expect(error.code == .environmentFailed && error.message == expected.message, "episode \(episode)")
            #expect(error.details == expected.details)
            #expect(once.lives == singly.lives && once.actionMask == singly.actionMask)
            let (state, other) = (try once.snapshot(), try singly.snapshot())
            #expect(state?.values["elapsed_steps"] == other?.values["elapsed_steps"])
            #expect(state?.values["phase"] == other?.values["phase"])
        }
    }

    private func failure(_ body: () throws -> StepOutcome) -> EnvironmentError? {
        do { _ = try body() } catch { return error as? EnvironmentError }
        return nil
    }

    @Test("Each frame has the time limit of a step to itself, and one that hangs misses it")
    func timeLimit() throws {
        let environment = try Gymnasium.make(
            "dqn_frame_environments:Clock-v0?seconds=0.4,fault=sleep", seconds: 1)
        var repeating = try ActionRepeat(environment, count: 4)
        try repeating.reset(seed: 1)
        _ = try repeating.step(0)
        let error = try #require(failure { try repeating.step(2) })
        #expect(error.code == .timedOut && error.message.contains("did not answer within 1.0 seconds"), "\(error)")
        #expect(!exists(process: environment.processIdentifier))
    }
}
