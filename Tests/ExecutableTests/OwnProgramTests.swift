import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Runs `Examples/Lab`: a program of five lines with environments and a method of its own has all commands.
@Suite struct OwnProgramTests {
    private let directory: TemporaryDirectory
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    init() throws { directory = try TemporaryDirectory() }

    private func lab(_ arguments: [String], status: Int32 = 0) throws -> Program.Result {
        let result = try Program.run("Lab", arguments)
        #expect(result.status == status, "\(arguments): \(result.status) \(result.errors)")
        return result
    }

    private func train(_ name: String, _ environment: String, steps: Int, _ more: [String] = []) throws {
        let result = try lab(
            [
                "train", "--env", environment, "--steps", "\(steps)", "--schedule-steps", "600", "--out",
                directory(name), "-q",
            ]
                + tiny + more)
        #expect(result.output.isEmpty)
    }

    @Test func fiveLinesMakeAProgram() throws {
        let main = try String(
            contentsOf: Self.root.appending(path: "Examples/Lab/Sources/Lab/main.swift"), encoding: .utf8)
        #expect(main.split(separator: "\n", omittingEmptySubsequences: false).dropLast().count == 5)
        let commands = [
            "train", "play", "record", "plot", "show", "ls", "verify", "repair", "diff", "convert", "import",
            "export", "strip",
        ]
        let help = try lab(["--help"]).output
        for command in commands { #expect(help.contains("  \(command) "), "\(help)") }
        #expect(!help.contains("isolated"), "\(help)")
        #expect(help.contains("Lab train --env Coin-v0"), "\(help)")
    }

    @Test(arguments: ["train", "play", "record", "plot", "show", "verify", "export"])
    func helpCallsTheProgramByItsName(command: String) throws {
        let help = try lab([command, "--help"]).output
        #expect(help.contains("Lab \(command) "), "\(help)")
        #expect(
            !help.contains("dqn-train") && !help.contains("dqn-play") && !help.contains("dqn-checkpoint"), "\(help)")
    }

    /// Steps 33 and 250 lie within episodes of the `Codable` environment.
    @Test func aCodableEnvironmentResumesExactly() throws {
        try train("whole", "Walk-v0", steps: 600)
        for cut in [33, 250] {
            try train("cut", "Walk-v0", steps: cut)
            let state = try #require(directory.newest("cut").workers[0].environment)
            #expect(state.kind == "Walk-v0" && state.values.keys.sorted() == ["state"])
            let result = try lab(["train", "--resume", directory("cut"), "--steps", "600", "-q"])
            #expect(!result.errors.contains("starts a new episode"), "\(result.errors)")
            #expect(try directory.checkpointData("cut", 600) == directory.checkpointData("whole", 600), "cut at \(cut)")
            try FileManager.default.removeItem(atPath: directory("cut"))
        }
    }

    @Test func anEnvironmentWithoutStateStartsANewEpisodeAndLogsIt() throws {
        let arguments = ["train", "--env", "Coin-v0", "--steps", "205", "--out", directory("run")] + tiny
        let first = try lab(arguments)
        #expect(
            first.errors.contains(
                "checkpoints do not contain the state of the environment 'Coin-v0', because its snapshot() returns none; "
                    + "training continues, and a resumed run starts a new episode"), "\(first.errors)")
        #expect(try directory.newest("run").workers[0].environment == nil)
        let second = try lab(["train", "--resume", directory("run"), "--steps", "400"])
        #expect(
            second.errors.contains(
                "worker 0 starts a new episode: the checkpoint does not hold the state of its environment"),
            "\(second.errors)")
        let abandoned = try #require(directory.newest("run").history.columns["rollout/abandoned_episodes"])
        #expect(abandoned.contains { $0 >= 1 }, "\(abandoned)")
    }

    @Test func ownMethodsAreNamedAndResume() throws {
        #expect(try lab(["train", "--help"]).output.contains("baseline"))
        let arguments = [
            "train", "--env", "Walk-v0", "--method", "baseline", "--eval-every", "0", "--schedule-steps", "300", "-q",
        ]
        _ = try lab(arguments + ["--steps", "300", "--out", directory("whole")])
        _ = try lab(arguments + ["--steps", "101", "--out", directory("cut")])
        _ = try lab(["train", "--resume", directory("cut"), "--steps", "300", "-q"])
        #expect(try directory.checkpointData("cut", 300) == directory.checkpointData("whole", 300))
        let other = try Program.run("dqn-train", "--resume", directory("cut"), "--steps", "400", "-q")
        #expect(other.status != 0 && other.errors.contains("Walk-v0"), "\(other.errors)")
    }

    @Test func playsRecordsAndPlots() throws {
        try train("run", "Walk-v0", steps: 300)
        let run = directory("run")
        let played = try lab(["play", run, "--episodes", "3", "--seed", "1"])
        #expect(played.output.contains("over 3 episodes"), "\(played.output)")
        let watched = try lab(["play", run, "--render", "ansi", "--episodes", "1"])
        #expect(watched.output.contains("+0."), "numbers of the observation: \(watched.output)")
        for (name, signature) in [("film.gif", Data("GIF89a".utf8)), ("sheet.png", Data([0x89, 0x50, 0x4E, 0x47]))] {
            let recorded = try lab(["record", run, directory(name), "--seed", "1"])
            #expect(recorded.output.contains("\(name): ") && recorded.output.contains("over 1 episodes"))
            #expect(try Data(contentsOf: URL(filePath: directory(name))).starts(with: signature))
            // The same episode as with the option of play.
            _ = try lab(["play", run, "--record", directory("again-\(name)"), "--seed", "1"])
            #expect(
                try Data(contentsOf: URL(filePath: directory(name)))
                    == Data(contentsOf: URL(filePath: directory("again-\(name)"))))
        }
        let document = try lab(["record", run, directory("json.gif"), "--seed", "1", "--json"]).output
        let recorded = try #require(
            JSONSerialization.jsonObject(with: Data(document.utf8)) as? [String: Any], "\(document)")
        #expect((recorded["recording"] as? String)?.hasSuffix("json.gif") == true && recorded["episodes"] as? Int == 1)
        _ = try lab(["plot", run, "-o", directory("curve.svg")])
        #expect(try String(contentsOfFile: directory("curve.svg"), encoding: .utf8).contains("Walk-v0"))
        // The part in a separate process is a hidden subcommand of this program too.
        let verified = try lab(["verify", directory.checkpointURL("run", 300).path, "--deep", "--isolated"])
        #expect(verified.output.hasSuffix(": ok\n"), "\(verified.output)")
    }

    @Test func errorsNameTheProgramAndTheRemedy() throws {
        var result = try lab(["train", "--env", "Wakl-v0", "--out", directory("run")], status: 64)
        #expect(
            result.errorLine?.hasPrefix("Lab: Unknown environment 'Wakl-v0'; did you mean 'Walk-v0'?") == true,
            "\(result.errors)")
        result = try lab(["train", "--nonsense"], status: 64)
        #expect(
            result.errorLine?.hasPrefix("Lab: ") == true && result.errors.contains("See 'Lab train --help'."),
            "\(result.errors)")
        result = try lab(["recrod", directory("nowhere"), "--json"], status: 64)
        #expect(
            result.errorLine == "Lab: Unknown command 'recrod'; did you mean 'record'? See 'Lab --help'.",
            "\(result.errors)")
        result = try lab(["play", directory("nowhere")], status: 66)
        #expect(result.errorLine?.hasPrefix("Lab: ") == true, "\(result.errors)")
        result = try lab(["record", directory("nowhere"), directory("x.avi")], status: 64)
        #expect(result.errors.contains("must end in .gif or .mp4"), "\(result.errors)")
        result = try lab(["train", "--resume", directory("nowhere"), "--print-config"], status: 64)
        #expect(result.errors.contains("--print-config cannot be combined with --resume"), "\(result.errors)")
    }
}
