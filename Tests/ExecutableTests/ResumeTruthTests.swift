import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// A resume reports what it does, and what it does not do.
@Suite struct ResumeTruthTests {
    /// A run of 300 steps.
    private func makeRun(_ directory: TemporaryDirectory, _ further: [String] = []) throws {
        let result = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "300", "--schedule-steps", "900", "-q", "--out", directory("run")]
                + tiny
                + further)
        #expect(result.status == 0, "\(result.errors)")
    }

    private func edit(_ directory: TemporaryDirectory, _ key: String, _ value: Any?) throws {
        let file = directory.url.appendingPathComponent("run/config.json")
        var document = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        var configuration = try #require(document["configuration"] as? [String: Any])
        configuration[key] = value
        document["configuration"] = configuration
        try JSONSerialization.data(withJSONObject: document).write(to: file)
    }

    @Test func fewerStepsThanTakenAreRefused() throws {
        let directory = try TemporaryDirectory()
        try makeRun(directory)
        let before = try directory.contents("run")
        for arguments in [["--steps", "299"], ["--steps", "1", "--eval-every", "50"]] {
            let result = try Program.run("dqn-train", ["--resume", directory("run")] + arguments)
            #expect(result.status == 64)
            #expect(result.errorLine?.contains("below the 300 agent steps that the run has taken") == true, "\(result)")
            #expect(try directory.contents("run") == before)
        }
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "320", "-q")
        #expect(result.status == 0 && result.errors == "", "\(result)")
        #expect(try directory.newest("run").counters.agentSteps == 320)
    }

    @Test(arguments: [
        ([], [], "the run has taken 300 of its 300 agent steps; to continue it, set a larger total with --steps"),
        ([], ["--steps", "300", "--keep", "2", "--save-every", "7"], "taken 300 of its 300 agent steps"),
        (["--target-return", "-1"], ["--steps", "900"], "has reached its target return -1.0 at agent step 300"),
        (["--set", "worker_steps=300"], ["--steps", "900"], "all 1 workers have taken their worker_steps, 300"),
    ])
    func aResumeWithNothingToDoSavesNothing(settings: [String], arguments: [String], words: String) throws {
        let directory = try TemporaryDirectory()
        try makeRun(directory, settings)
        let before = try directory.contents("run")
        let resume = ["--resume", directory("run")] + arguments
        var result = try Program.run("dqn-train", resume)
        #expect(result.status == 0)
        #expect(result.errors.contains("nothing to do: ") && result.errors.contains(words), "\(result.errors)")
        #expect(result.output.hasPrefix("nothing to do at step 300\n"), "\(result.output)")
        #expect(!result.output.contains("saved"))
        result = try Program.run("dqn-train", resume + ["-q"])
        #expect(result.status == 0 && result.output == "" && result.errors.contains(words), "\(result)")
        result = try Program.run("dqn-train", resume + ["--json"])
        #expect(result.status == 0 && result.output.contains("\"nothing_to_do\" : true"), "\(result.output)")
        #expect(try directory.contents("run") == before)
    }

    @Test func editsOfTheConfigurationAreNamedWithTheirCommands() throws {
        let directory = try TemporaryDirectory()
        try makeRun(directory)
        let run = directory("run")
        try edit(directory, "learning_rate", 0.25)
        try edit(directory, "wrappers", ["time-limit:9", "reward-clip"])
        try edit(directory, "evaluation_interval", 50)
        try edit(directory, "evaluation_epsilon", 0.5)
        try edit(directory, "target_return", 475)
        try edit(directory, "environment", "gym:Cart Pole-v1")
        try edit(directory, "discount", 7)
        try edit(directory, "learning_start", 7)
        try edit(directory, "batch_size", nil)
        // The same value in another form is no edit, and neither is one that this resume makes.
        try edit(directory, "epsilon_start", 1)
        try edit(directory, "evaluation_episodes", 3)
        let result = try Program.run(
            "dqn-train", "--resume", run, "--steps", "320", "--eval-episodes", "3", "-q")
        #expect(result.status == 0)
        for words in [
            "config.json has learning_rate 0.25, but the checkpoint has ",
            "; change it with dqn-train --from \(run) --set learning_rate=0.25 --out NEW\n",
            #"--set 'wrappers=["time-limit:9","reward-clip"]' --out NEW"#,
            "change it with dqn-train --resume \(run) --eval-every 50\n",
            "change it with dqn-train --resume \(run) --set evaluation_epsilon=0.5\n",
            "change it with dqn-train --resume \(run) --target-return 475", "--env 'gym:Cart Pole-v1' --out NEW",
            "config.json: Invalid value 7 for 'discount'", "Unknown configuration key 'learning_start'; did you mean",
            "config.json lacks batch_size; the run keeps 16",
        ] { #expect(result.errors.contains(words), "\(words): \(result.errors)") }
        #expect(result.errors.split(separator: "\n").count == 9, "\(result.errors)")
        // The file describes the run again.
        let again = try Program.run("dqn-train", "--resume", run, "--steps", "340", "-q")
        #expect(again.status == 0 && again.errors == "", "\(again.errors)")
        #expect(try directory.newest("run").configuration["batch_size"]?.integerValue == 16)
    }

    @Test func warningsAreShownUnderQuiet() throws {
        let directory = try TemporaryDirectory()
        try makeRun(directory, ["--save-every", "100"])
        let newest = directory.checkpointURL("run", 300)
        var bytes = try Data(contentsOf: newest)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: newest)
        var result = try Program.run("dqn-play", directory("run"), "--episodes", "1", "-q")
        #expect(result.status == 0 && result.errors.contains("step-000000000300.h5"), "\(result)")
        result = try Program.run("dqn-train", "--resume", directory("run"), "-q")
        #expect(result.status == 0 && result.output == "", "\(result)")
        #expect(result.errors.contains("step-000000000300.h5.damaged"), "\(result.errors)")
        // Foresight, too.
        result = try Program.run(
            "dqn-train",
            [
                "--env", "CartPole-v1", "--steps", "50", "--schedule-steps", "900", "-q", "--out", directory("short"),
            ] + tiny)
        #expect(result.status == 0)
        #expect(result.errors.contains("warning: learning starts after 100 of 50 agent steps"), "\(result.errors)")
        result = try Program.run("dqn-train", "--resume", directory("short"), "--steps", "60", "-q")
        #expect(result.errors.contains("warning: learning starts after 100 of 60 agent steps"), "\(result.errors)")
        result = try Program.run("dqn-train", "--resume", directory("short"), "--steps", "400", "-q")
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
    }
}
