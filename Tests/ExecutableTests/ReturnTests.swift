import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Runs that return to an earlier checkpoint or extend their schedule, through the real programs.
@Suite struct ReturnTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ arguments: [String]) throws -> Program.Result { try Program.run("dqn-train", arguments) }

    private func train(_ name: String, _ arguments: [String] = [], steps: Int = 600) throws {
        let result = try run(
            ["--env", "CartPole-v1", "--steps", "\(steps)", "--save-every", "150", "--out", directory(name), "-q"]
                + tiny + arguments)
        try #require(result.status == 0, "\(result.errors)")
    }

    private func lines(_ path: String) throws -> [String] {
        try String(contentsOfFile: directory(path), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// A collapse can be replayed with more evaluations: the training is the same.
    @Test func aReturnIsExactAndKeepsWhatIsNewer() throws {
        try train("a", ["--keep", "20"])
        let before = try directory.contents("a")
        let result = try run([
            "--resume", directory("a"), "--which", "150", "--eval-every", "50", "--eval-episodes", "1",
        ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("returns to agent step 150; '\(directory("a/aside-1"))' keeps the 3 newer"))
        for (file, bytes) in before where !file.hasPrefix("checkpoints") || file > "checkpoints/step-000000000151" {
            #expect(try Data(contentsOf: directory.url.appendingPathComponent("a/aside-1/\(file)")) == bytes, "\(file)")
        }
        #expect(directory.savedSteps("a/aside-1") == [300, 450, 600])
        let (old, new) = (try directory.checkpoint("a/aside-1", 600), try directory.checkpoint("a", 600))
        #expect(new.online == old.online && new.target == old.target && new.optimizer == old.optimizer)
        #expect(new.workers[0].generators == old.workers[0].generators)
        #expect(new.counters.evaluations == 10 && old.counters.evaluations == 2)
        let steps = try lines("a/metrics.csv").dropFirst().compactMap { Int($0.prefix { $0 != "," }) }
        #expect(steps == steps.sorted() && Set(steps).count == steps.count && steps.contains(550), "\(steps)")
        #expect(try lines("a/lineage.jsonl").contains { $0.contains("\"aside\":\"aside-1\"") })

        // What was kept aside is a run, and a second return keeps aside more.
        var again = try run(["--resume", directory("a"), "--which", "best", "-q"])
        #expect(again.status == 0, "\(again.errors)")
        again = try run(["--resume", directory("a"), "--which", "150", "-q"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(try directory.checkpoint("a", 600).online == old.online)
        again = try run(["--resume", directory("a/aside-1"), "--steps", "700", "--schedule-steps", "700", "-q"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(directory.savedSteps("a/aside-1").last == 700)
    }

    @Test func aReturnToTheNewestChangesNothing() throws {
        try train("a")
        let before = try directory.contents("a")
        for which in ["latest", "600"] {
            let result = try run(["--resume", directory("a"), "--which", which])
            #expect(result.status == 0, "\(result.errors)")
        }
        let after = try directory.contents("a")
        #expect(!after.keys.contains { $0.hasPrefix("aside") })
        #expect(after.filter { $0.key.hasPrefix("checkpoints") } == before.filter { $0.key.hasPrefix("checkpoints") })
        for (which, status, words) in [
            ("170", Int32(66), "has no checkpoint of agent step 170; it has "),
            ("worst", 64, "--which worst is invalid"),
        ] {
            let result = try run(["--resume", directory("a"), "--which", which])
            #expect(result.status == status && result.errors.contains(words), "\(result.errors)")
        }
        #expect(try !directory.contents("a").keys.contains { $0.hasPrefix("aside") })
    }

    /// A kill in the middle of a return leaves the run as it was, with some of its checkpoints kept aside.
    @Test(arguments: [0, 1, 3]) func anInterruptedReturnIsReportedOnce(moved: Int) throws {
        try train("a", ["--keep", "20"])
        let folder = directory("a/aside-1/checkpoints")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for step in [300, 450, 600].prefix(moved) {
            let file = directory.checkpointURL("a", step)
            try FileManager.default.moveItem(atPath: file.path, toPath: "\(folder)/\(file.lastPathComponent)")
        }
        let step = moved == 3 ? 150 : 600
        var result = try run(["--resume", directory("a"), "-q"])
        #expect(result.status == 0, "\(result.errors)")
        let words = "a return to an earlier checkpoint was interrupted; the run continues from agent step \(step)"
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(
            result.errors.contains(moved == 0 ? "holds copies alone" : "keeps \(moved) of its checkpoints"),
            "\(result.errors)")
        #expect(try lines("a/lineage.jsonl").contains { $0.contains("\"why\":\"return_interrupted\"") })
        result = try run(["--resume", directory("a"), "-q", "--which", "150"])
        #expect(result.status == 0 && !result.errors.contains("interrupted"), "\(result.errors)")
        result = try run(["--resume", directory("a"), "-q"])
        #expect(result.status == 0 && !result.errors.contains("interrupted"), "\(result.errors)")
    }

    @Test func aDamagedCheckpointIsNoPlaceToReturnTo() throws {
        try train("a", ["--keep", "20"])
        let file = directory.checkpointURL("a", 300)
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let before = try directory.contents("a")
        let result = try run(["--resume", directory("a"), "--which", "300"])
        #expect(result.status == 65, "\(result.errors)")
        #expect(try directory.contents("a") == before)
    }

    /// Whatever refuses a return comes before anything moves.
    @Test func aRefusedReturnMovesNothing() throws {
        try train("a", ["--keep", "20", "--set", "learning_rate_final=0"])
        let before = try directory.contents("a")
        for (arguments, status, words) in [
            (["--which", "300", "--steps", "200"], Int32(64), "--steps 200 is below the 300 agent steps"),
            (["--which", "150", "--steps", "900"], 64, "add --schedule-steps 900 to extend the schedule"),
            (["--which", "150", "--schedule-steps", "100"], 64, "--schedule-steps 100"),
            (["--which", "150", "--memory", "1"], 64, "of memory, but --memory allows"),
        ] {
            let result = try run(["--resume", directory("a")] + arguments)
            #expect(result.status == status, "\(arguments): \(result)")
            #expect(result.errorLine?.contains(words) == true, "\(arguments): \(result.errors)")
            #expect(try directory.contents("a") == before, "\(arguments)")
        }
    }

    /// Every intermediate state of a return resumes, and loses no file.
    @Test func aKilledReturnLosesNothing() throws {
        try train("a", ["--keep", "20"])
        let files = try directory.contents("a").filter { $0.key.hasPrefix("checkpoints") }
        for delay in [0.0, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4] {
            let process = try Program.start(
                "dqn-train", ["--resume", directory("a"), "--which", "150", "-q"])
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: delay)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let kept = try directory.contents("a")
            for (file, bytes) in files {
                let name = String(file.dropFirst("checkpoints/".count))
                #expect(kept.contains { $0.key.hasSuffix("checkpoints/\(name)") && $0.value == bytes }, "\(name)")
            }
            let result = try run(["--resume", directory("a"), "-q"])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func aScheduleIsExtendedExplicitly() throws {
        try train("a", ["--set", "learning_rate_final=0"])
        var result = try run(["--resume", directory("a"), "--steps", "900"])
        #expect(result.status == 64, "\(result.errors)")
        #expect(result.errors.contains("add --schedule-steps 900 to extend the schedule"), "\(result.errors)")
        result = try run(["--resume", directory("a"), "--steps", "900", "--schedule-steps", "500"])
        #expect(result.status == 64 && result.errors.contains("--schedule-steps 500"), "\(result.errors)")
        result = try run(["--resume", directory("a"), "--steps", "900", "--schedule-steps", "900"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("schedule_steps changes from 600 to 900"), "\(result.errors)")
        #expect(result.errors.contains("learning rate 0.000333"), "\(result.errors)")
        #expect(try directory.checkpoint("a", 900).configuration["schedule_steps"]?.integerValue == 900)
        #expect(try lines("a/lineage.jsonl").contains { $0.contains("\"changed\":{\"schedule_steps\":900}") })
        // The file of the step was replaced, so a resume before the next save has the schedule too.
        #expect(try directory.checkpoint("a", 600).configuration["schedule_steps"]?.integerValue == 900)
        let same = try run(["--resume", directory("a"), "--steps", "950", "--schedule-steps", "950", "-q"])
        #expect(same.status == 0, "\(same.errors)")
    }

    @Test func aReachedTargetIsRaised() throws {
        try train("a", ["--target-return", "1", "--eval-every", "100", "--eval-episodes", "1"])
        let reached = try directory.newest("a")
        #expect(reached.reachedTarget && reached.counters.agentSteps == 100)
        let result = try run(["--resume", directory("a"), "--target-return", "100000", "--json"])
        #expect(result.status == 0 && result.output.contains("completed"), "\(result.errors)")
        #expect(try directory.newest("a").counters.agentSteps == 600)
        #expect(try lines("a/lineage.jsonl").contains { $0.contains("\"target_return\":100000") })
    }

    /// The example of `docs/training.md` works as it stands.
    @Test func theDocumentedReplayOfACollapseWorks() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/training.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = try #require(text.range(of: "### Return to an earlier checkpoint").map { text[$0.upperBound...] })
        let start = try #require(section.range(of: "```sh\n")).upperBound
        let example = section[start..<(try #require(section[start...].range(of: "\n```")).lowerBound)]
        #expect(example.contains("--which 500 --eval-every 100"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-euc", String(example)]
        process.currentDirectoryURL = directory.url
        let folder = Program.executable("dqn-train").deletingLastPathComponent().path
        process.environment = ProcessInfo.processInfo.environment.merging([
            "PATH": "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        ]) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let run = "runs/cartpole"
        let (old, new) = (try directory.checkpoint("\(run)/aside-1", 1500), try directory.checkpoint(run, 1500))
        #expect(new.online == old.online && new.optimizer == old.optimizer)
        #expect(new.counters.evaluations == 11 && old.counters.evaluations == 3)
        #expect(FileManager.default.fileExists(atPath: directory("curves.svg")))
    }
}
