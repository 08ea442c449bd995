import DQNCheckpoint
import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// Plays Atari with the papers' settings through the real programs.
@Suite(.enabled(if: InstalledPython.has("ale_py"), "Scripts/setup-gymnasium installs ale-py"))
struct AtariTests {
    /// The default preset of the games, with a small network and replay.
    private let settings = [
        "--set", "network=conv:4k8s8/fc16", "--set", "learning_starts=50", "--set", "batch_size=8",
        "--set", "replay_capacity=400", "--set", "target_interval=40", "--set", "log_interval=100", "--eval-every",
        "300", "--eval-episodes", "1", "--set", "evaluation_max_steps=40",
    ]

    @Test(arguments: ["ALE/Pong-v5", "ALE/Breakout-v5", "PongNoFrameskip-v4"])
    func killedRunResumesExactlyAndItsCheckpointPlays(name: String) throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:\(name)", "--steps", "600", "--save-every", "60", "-q"] + settings
        let process = try Program.start("dqn-train", arguments + ["--out", directory("killed")])
        try process.run()
        while directory.savedSteps("killed").count < 2, process.isRunning { usleep(2_000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let saved = try directory.newest("killed")
        #expect(saved.counters.agentSteps < 600)
        #expect(saved.counters.frames == 4 * saved.counters.agentSteps)
        #expect(saved.workers.first?.environment?.kind == "reward-clip")
        let id = try #require(saved.configuration["environment"]?.stringValue)
        #expect(id.hasPrefix("gym:\(name)?") && id.contains("obs_type=grayscale"))
        #expect(id.contains("frameskip=1") == name.hasPrefix("ALE/"))
        var result = try Program.run("dqn-train", "--resume", directory("killed"), "-q")
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run("dqn-train", arguments + ["--out", directory("whole")])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("killed", 600) == directory.checkpointData("whole", 600))
        #expect(try directory.metricsWithoutClock("killed") == directory.metricsWithoutClock("whole"))

        let file = directory.checkpointURL("whole", 600).path
        result = try Program.run("dqn-play", file, "--episodes", "1", "--max-steps", "30", "--json")
        #expect(result.status == 0 && result.output.contains(name), "\(result.errors)")
    }

    @Test func refusesInvalidWrappersInOneLine() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "CartPole-v1", "--out", directory("run"), "--set"]
        for (value, part) in [
            ("wrappers=reward-clap", "did you mean 'reward-clip'?"), ("wrappers=time-limit", "write time-limit:N"),
            ("wrappers=atari-pixels:84", "does not fit 'CartPole-v1'"),
        ] {
            let result = try Program.run("dqn-train", arguments + [value])
            #expect(result.status == 64 && result.errorLine?.contains(part) == true, "\(result.errors)")
        }
        let result = try Program.run("dqn-train", "--env", "CartPole-v1", "--preset", "atari")
        #expect(result.status == 64 && result.errorLine?.contains("gym:ALE/Pong-v5") == true, "\(result.errors)")
    }
}
