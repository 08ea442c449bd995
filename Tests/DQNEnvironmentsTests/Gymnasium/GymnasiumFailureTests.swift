import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// Failures in Python become errors with one helpful line, and leave no process behind.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumFailureTests {
    /// The error that `body` throws.
    private func failure(_ body: () throws -> Void) throws -> EnvironmentError {
        do { try body() } catch {
            let error = try #require(error as? EnvironmentError, "\(error)")
            #expect(!error.message.contains("\n"))
            return error
        }
        throw EnvironmentError(code: .environmentFailed, message: "No error was thrown.")
    }

    @Test("Reports the signal of a killed process and leaves no zombie")
    func killed() throws {
        let environment = try Gymnasium.make("CartPole-v1")
        try environment.reset(seed: 1)
        _ = try environment.step(0)
        kill(environment.processIdentifier, SIGKILL)
        let error = try failure { while true { _ = try environment.step(0) } }
        #expect(error.code == .processEnded)
        #expect(error.message.contains("was killed by signal 9"))
        #expect(!exists(process: environment.processIdentifier))
        #expect(try failure { try environment.reset(seed: 1) }.code == .processEnded)
        #expect(try failure { _ = try environment.snapshot() }.code == .processEnded)
    }

    @Test("Reports the exit code and the last output of a process that ends")
    func quits() throws {
        let environment = try Gymnasium.testing("Quitter")
        try environment.reset(seed: 1)
        let error = try failure { _ = try environment.step(1) }
        #expect(error.code == .processEnded)
        #expect(error.message.contains("ended with exit code 7; its last output was: out of here"))
        #expect(!exists(process: environment.processIdentifier))
    }

    @Test("Reports a crash of native code with its line of Python")
    func crashes() throws {
        let environment = try Gymnasium.testing("Crasher")
        try environment.reset(seed: 1)
        let error = try failure { _ = try environment.step(1) }
        #expect(error.code == .processEnded)
        #expect(error.message.contains("was killed by signal 11"), "\(error.message)")
        #expect(error.message.contains("dqn_test_environments.py\", line"), "\(error.message)")
        #expect(error.details.contains { $0.contains("in step") })
    }

    @Test("Reports the innermost line of a crash below many frames, beside another thread")
    func crashesDeep() throws {
        let environment = try Gymnasium.testing("DeepCrasher")
        try environment.reset(seed: 1)
        let error = try failure { _ = try environment.step(1) }
        #expect(error.message.contains(", line") && error.message.contains(" in land;"), "\(error.message)")
        #expect(error.details.count == 20)
    }

    @Test("A process that ends also ends the processes of its environment")
    func children() throws {
        let environment = try Gymnasium.testing("Leaver")
        try environment.reset(seed: 1)
        let child = Int32(try environment.step(0).reward)
        #expect(try works(process: child))
        #expect(try failure { _ = try environment.step(1) }.message.contains("ended with exit code 7"))
        var isLeft = try works(process: child)
        for _ in 0..<200 where isLeft {
            usleep(10_000)
            isLeft = try works(process: child)
        }
        #expect(!isLeft)
    }

    @Test("A stopped process does not miss the limit of a step, a reset or a restore", arguments: [0, 1, 2])
    func stopped(request: Int) throws {
        let environment = try Gymnasium.make("CartPole-v1", seconds: 0.4)
        try environment.reset(seed: 1)
        let snapshot = try #require(try environment.snapshot())
        let process = environment.processIdentifier
        kill(process, SIGSTOP)
        let thread = Thread {
            usleep(1_200_000)
            kill(process, SIGCONT)
        }
        thread.start()
        switch request {
        case 0: _ = try environment.step(1)
        case 1: try environment.reset(seed: 1)
        default: try environment.restore(snapshot)
        }
        #expect(environment.processIdentifier == process && exists(process: process))
    }

    @Test("Kills a hanging process at its time limit")
    func hangs() throws {
        let environment = try Gymnasium.testing("Sleeper", seconds: 0.3)
        try environment.reset(seed: 1)
        _ = try environment.step(0)
        let error = try failure { _ = try environment.step(1) }
        #expect(error.code == .timedOut)
        #expect(error.message.contains("did not answer within 0.3 seconds"))
        #expect(!exists(process: environment.processIdentifier))
        #expect(try failure { _ = try environment.step(0) }.code == .timedOut)
    }

    @Test("Reports the line that raised an exception, and continues")
    func raises() throws {
        let environment = try Gymnasium.testing("Raiser")
        try environment.reset(seed: 1)
        let error = try failure { _ = try environment.step(1) }
        #expect(error.code == .environmentFailed)
        #expect(error.message.contains("it raised ValueError: the ice broke (File \""))
        #expect(error.message.contains("dqn_test_environments.py\", line"))
        #expect(error.details.contains { $0.contains("in act") })
        try environment.reset(seed: 1)
        #expect(try environment.step(0).reward == 0.5)
    }

    @Test("Treats an end of file in the environment like any exception")
    func endOfFile() throws {
        let environment = try Gymnasium.testing("Reader")
        try environment.reset(seed: 1)
        let error = try failure { _ = try environment.step(1) }
        #expect(error.code == .environmentFailed)
        #expect(error.message.contains("it raised EOFError: the book is read (File \""), "\(error.message)")
        #expect(try environment.step(0).reward == 0.5)
    }

    @Test("Rewards and observations must be finite")
    func notFinite() throws {
        let payer = try Gymnasium.testing("Infinite")
        try payer.reset(seed: 1)
        var error = try failure { _ = try payer.step(1) }
        #expect(error.code == .environmentFailed)
        #expect(
            error.message.hasPrefix(
                "The environment 'gym:dqn_test_environments:Infinite-v0' paid a reward of inf for action 1; rewards must"
            ),
            "\(error.message)")
        #expect(try failure { _ = try payer.step(0) }.code == .resetNeeded)
        try payer.reset(seed: 1)
        #expect(try payer.step(0).reward == 0.5)
        let blank = try Gymnasium.testing("Blank")
        try blank.reset(seed: 1)
        error = try failure { _ = try blank.step(1) }
        #expect(error.code == .environmentFailed)
        #expect(
            error.message.hasPrefix(
                "The environment 'gym:dqn_test_environments:Blank-v0' cannot be stepped: it returned an observation "
                    + "with nan at [1, 2, 0]; numbers must be finite: fix it"), "\(error.message)")
        #expect(try failure { try blank.reset(seed: 2) }.message.contains("cannot be reset: it returned an obs"))
    }

    @Test(
        "Names what a step returned instead of a number, truth values and a dictionary",
        arguments: [
            ("none", "None as the reward, where a number belongs"),
            ("text", "'1' as the reward, where a number belongs"),
            ("array", "a ndarray of shape (3,) as the reward, where a number belongs"),
            ("list", "a list as the reward, where a number belongs"),
            ("complex", "a complex as the reward, where a number belongs"), ("giant", "which float32 cannot hold"),
            ("ends", "a ndarray of shape (2,) as 'terminated', where True or False belongs"),
            ("limits", "a ndarray of shape (2,) as 'truncated', where True or False belongs"),
            ("information", "None as the information, where a dictionary belongs"),
        ])
    func mistaken(fault: String, words: String) throws {
        let environment = try Gymnasium.make("dqn_test_environments:Mistaken-v0?fault=\(fault)")
        try environment.reset(seed: 1)
        let error = try failure { _ = try environment.step(1) }
        #expect(error.code == .environmentFailed)
        #expect(
            error.message.contains("cannot be stepped: its step returned ") && error.message.contains(words), "\(error)"
        )
        try environment.reset(seed: 1)
        #expect(try environment.step(0).reward == 0.5)
    }

    @Test("Takes arrays without axes as numbers")
    func scalars() throws {
        let environment = try Gymnasium.make("dqn_test_environments:Mistaken-v0?fault=scalar")
        try environment.reset(seed: 1)
        #expect(try environment.step(1).reward == 0.25)
    }

    @Test("Ignores an infinite threshold; reports an invalid description with its environment")
    func unusualSpecifications() throws {
        #expect(try Gymnasium.testing("Endless").specification.rewardThreshold == nil)
        let error = try failure { _ = try Gymnasium.testing("Aeonian") }
        #expect(error.code == .environmentFailed)
        #expect(error.message.contains("'gym:dqn_test_environments:Aeonian-v0' sent an invalid"), "\(error.message)")
    }

    @Test("Discards the output of an environment without blocking")
    func prints() throws {
        let environment = try Gymnasium.testing("Chatterer")
        try environment.reset(seed: 1)
        for _ in 0..<5 { #expect(try environment.step(1).reward == 0.5) }
    }

    @Test("The process ends with its environment")
    func closing() throws {
        var environment: GymnasiumEnvironment? = try Gymnasium.testing("Still")
        try environment?.reset(seed: 1)
        let process = try #require(environment?.processIdentifier)
        #expect(exists(process: process))
        environment = nil
        #expect(!exists(process: process))
    }

    @Test("Reuses a process created for its specification, unless it was killed")
    func spares() throws {
        let name = "dqn_test_environments:Joystick-v0"
        #expect(throws: EnvironmentError.self) { try Gymnasium.make(name) }
        let first = try Gymnasium.testing("Doubles").processIdentifier
        let second = try Gymnasium.testing("Doubles").processIdentifier
        #expect(first == second)
        kill(second, SIGKILL)
        let third = try Gymnasium.testing("Doubles")
        #expect(third.processIdentifier != second)
        try third.reset(seed: 1)
    }

    @Test(
        "Refuses unknown ids and unsupported spaces by name",
        arguments: [
            ("CartPol-v1", EnvironmentError.Code.unknownEnvironment, "Did you mean: `CartPole`?"),
            ("", .unknownEnvironment, "Gymnasium has no environment ''"),
            ("no_such_module:Some-v0", .packageMissing, "no_such_module"),
            ("CartPole-v1?nonsense=1", .invalidOptions, "unexpected keyword argument 'nonsense'"),
            ("CartPol-v1?max_episode_steps=1", .unknownEnvironment, "Did you mean: `CartPole`?"),
            ("CartPole-v1?nonsense", .invalidOptions, "write key=value once for each key"),
            ("CartPole-v1?max_episode_steps=1,max_episode_steps=2", .invalidOptions, "once for each key"),
            ("CartPole-v1?wrapper=FlatenObservation", .invalidOptions, "did you mean 'FlattenObservation'?"),
            ("CartPole-v1?wrapper=TimeLimit", .invalidOptions, "its arguments are (max_episode_steps"),
            ("CartPole-v1?wrapper=TimeLimit:[7", .invalidOptions, "are not JSON ([7); write wrapper=TimeLimit:VALUE"),
            ("CartPole-v1?wrapper=TransformReward:1", .invalidOptions, "takes a function as 'func'"),
            ("CartPole-v1?wrapper=os", .invalidOptions, "has no wrapper 'os'"),
            ("CartPole-v1?wrapper=no_such_module.Wrapper", .packageMissing, "No module named 'no_such_module'"),
            ("CartPole-v1?wrapper=dqn_test_environments.Scald", .invalidOptions, "did you mean 'Scaled'?"),
            ("CartPole-v1?wrapper=os.path", .invalidOptions, "os has no wrapper 'path'; it has none."),
            ("CartPole-v1?wrapper=NormalizeObservation", .invalidOptions, "--set wrappers=observation-scale:FACTOR"),
            ("CartPole-v1?wrapper=NormalizeReward:0.9", .invalidOptions, "--set wrappers=reward-normalize"),
            ("Pendulum-v1", .unsupportedSpace, "its action space is Box, not Discrete"),
            ("dqn_test_environments:Joystick-v0", .unsupportedSpace, "its action space is Box, not Discrete"),
        ])
    func refusals(name: String, code: EnvironmentError.Code, part: String) throws {
        let error = try failure { _ = try Gymnasium.make(name) }
        #expect(error.code == code)
        #expect(error.message.contains(part), "\(error.message)")
    }

    @Test("Lists become the tuples and arrays that wrappers declare")
    func wrapperArguments() throws {
        let reshaped = try Gymnasium.make("CartPole-v1?wrapper=ReshapeObservation:[[2%2C2]]")
        #expect(reshaped.specification.observationSpace.shape == [2, 2])
        let named = try Gymnasium.make(#"CartPole-v1?wrapper=ReshapeObservation:{"shape":[1%2C4]}"#)
        #expect(named.specification.observationSpace.shape == [1, 4])
        let scaled = try Gymnasium.make("MountainCar-v0?wrapper=RescaleObservation:[[0%2C0]%2C[1%2C1]]")
        try scaled.reset(seed: 1)
        var observation = Observation(zerosOf: scaled.specification.observationSpace)
        scaled.observe(into: &observation)
        #expect(observation.floats.allSatisfy { (0...1).contains($0) })
        // It needs OpenCV, which need not be installed; the shape itself is accepted.
        let picture = "dqn_test_environments:Frames-v0?wrapper=ResizeObservation:[[42%2C42]]"
        do {
            #expect(try Gymnasium.make(picture).specification.observationSpace.shape.contains(42))
        } catch let error as EnvironmentError {
            #expect(error.code == .packageMissing, "\(error.message)")
        }
    }

    @Test("Reports a missing or broken Python, or one without Gymnasium, with a remedy")
    func otherPythons() throws {
        let python = try #require(Gymnasium.python)
        func make(_ python: String) throws -> EnvironmentError {
            try failure { _ = try EnvironmentRegistry.make("gym:CartPole-v1", gymnasium: .init(python: python)) }
        }
        let absent = try make("/nowhere/python")
        #expect(absent.code == .pythonMissing)
        #expect(absent.message.contains("'/nowhere/python' cannot be started (No such file or directory)"))
        let none = try make("/bin/false")
        #expect(none.code == .processEnded)
        let bare = FileManager.default.temporaryDirectory.appending(path: "dqn-bare-python-\(UUID().uuidString)")
        try "#!/bin/sh\nexec '\(python)' -S \"$@\"\n".write(to: bare, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: bare) }
        chmod(bare.path, 0o755)
        let lacking = try make(bare.path)
        #expect(lacking.code == .packageMissing)
        #expect(lacking.message.contains("gymnasium"))
        for error in [absent, none, lacking] { #expect(error.message.contains("Scripts/setup-gymnasium")) }
    }
}
