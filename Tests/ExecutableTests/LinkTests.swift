import DQNCheckpoint
import Foundation
import Testing

/// A run's directory may be a stranger's: links in it are neither followed nor written through.
@Suite struct LinkTests {
    private let directory: TemporaryDirectory
    private static let names = [
        "config.json", "metrics.csv", "workers.csv", "curve.svg", "lineage.jsonl", "checkpoints",
    ]

    init() throws {
        directory = try TemporaryDirectory()
        let result = try Program.run(
            "dqn-train",
            [
                "--env", "CartPole-v1", "--steps", "200", "--schedule-steps", "600", "--save-every", "100", "-q",
                "--out", directory("run"),
            ] + tiny + ["--eval-every", "100"])
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Ends a program that waits forever.
    private func run(_ name: String, _ arguments: [String]) throws -> Program.Result {
        try Program.run(name, arguments, shell: "exec() { command timeout 60 \"$@\"; }")
    }

    /// Moves a part of the run outside and leaves a link to it.
    private func replaceByLink(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: directory("outside"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: directory("run/\(name)"), toPath: directory("outside/file"))
        #expect(symlink("../outside/file", directory("run/\(name)")) == 0)
    }

    @Test(arguments: names) func aLinkIsRefusedByNameAndNeverWritten(name: String) throws {
        try replaceByLink(name)
        let before = try directory.contents("outside")
        let path = directory("run/\(name)")
        for arguments in [["--resume", directory("run")], ["--env", "CartPole-v1", "--out", directory("run")]] {
            let result = try run("dqn-train", arguments + ["--steps", "300", "-q"])
            #expect(result.status == 1, "\(result.errors)")
            #expect(result.errorLine?.contains("'\(path)' is a symbolic link") == true, "\(result.errors)")
            #expect(result.errorLine?.contains("so symbolic links in it are never followed") == true)
        }
        // Also a link that leads nowhere yet.
        unlink(path)
        #expect(symlink("../outside/new", path) == 0)
        let result = try run("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"])
        #expect(result.status == 1 && result.errors.contains("'\(path)' is a symbolic link"), "\(result.errors)")
        #expect(try directory.contents("outside") == before)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "../outside/new")
    }

    @Test func noToolFollowsALinkToTheCheckpoints() throws {
        try replaceByLink("checkpoints")
        for (program, arguments) in [
            ("dqn-play", [directory("run"), "--episodes", "1"]), ("dqn-checkpoint", ["ls", directory("run")]),
            ("dqn-checkpoint", ["plot", directory("run"), "-o", directory("plot.svg")]),
            ("dqn-train", ["--from", directory("run"), "--out", directory("new")]),
        ] {
            let result = try run(program, arguments)
            #expect(result.status == 66, "\(result.errors)")
            #expect(
                result.errorLine?.contains("'\(directory("run/checkpoints"))' is a symbolic link") == true,
                "\(result.errors)")
        }
        // What the user names may be a link.
        #expect(try run("dqn-checkpoint", ["ls", directory("run/checkpoints")]).status == 0)
        #expect(symlink("run", directory("latest")) == 0)
        unlink(directory("run/checkpoints"))
        try FileManager.default.moveItem(atPath: directory("outside/file"), toPath: directory("run/checkpoints"))
        var result = try run("dqn-train", ["--resume", directory("latest"), "--steps", "300", "-q"])
        #expect(result.status == 0, "\(result.errors)")
        result = try run("dqn-play", [directory("latest"), "--episodes", "1", "--max-steps", "5"])
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test(arguments: ["link", "broken link", "pipe", "directory"])
    func aCheckpointThatIsNoFileIsPassedOver(kind: String) throws {
        let newest = directory.checkpointURL("run", 200).path
        try FileManager.default.moveItem(atPath: newest, toPath: directory("elsewhere.h5"))
        switch kind {
        case "link": symlink(directory("elsewhere.h5"), newest)
        case "broken link": symlink("none", newest)
        case "pipe": mkfifo(newest, 0o600)
        default: mkdir(newest, 0o755)
        }
        let words =
            switch kind {
            case "link", "broken link": "is a symbolic link"
            case "pipe": "is a device, pipe or socket"
            default: "is a directory"
            }
        var result = try run("dqn-play", [directory("run"), "--episodes", "1", "--max-steps", "5", "--json"])
        #expect(result.status == 0 && result.output.contains("\"step\" : 100"), "\(result.output)")
        #expect(result.errors.contains("step-000000000200.h5 cannot be used"), "\(result.errors)")
        #expect(result.errors.contains(words), "\(result.errors)")
        result = try run("dqn-play", [directory("run"), "--which", "200"])
        #expect(result.status == 65 && result.errorLine?.contains(words) == true, "\(result.errors)")
        result = try run("dqn-checkpoint", ["ls", directory("run")])
        #expect(result.status == 0 && result.output.contains("DAMAGED"), "\(result.output)")
        let data = try Data(contentsOf: URL(filePath: directory("elsewhere.h5")))
        result = try run("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("now named step-000000000200.h5.damaged"), "\(result.errors)")
        #expect(directory.savedSteps("run").suffix(2) == [200, 300])
        #expect(try Data(contentsOf: URL(filePath: directory("elsewhere.h5"))) == data)
    }

    @Test func pipesInPlaceOfRecordsAreRefusedWithoutWaiting() throws {
        for name in Self.names where name != "checkpoints" {
            let path = directory("run/\(name)")
            let contents = try Data(contentsOf: URL(filePath: path))
            unlink(path)
            mkfifo(path, 0o600)
            let result = try run("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"])
            #expect(
                result.status == 1 && result.errors.contains("'\(path)' is a device, pipe or socket"),
                "\(result.errors)")
            if name == "metrics.csv" {
                let plot = try run(
                    "dqn-checkpoint", ["plot", directory("run"), "--x", "time", "-o", directory("plot.svg")])
                #expect(plot.status != 0 && plot.errors.contains("is a device, pipe or socket"), "\(plot.errors)")
                unlink(path)
                symlink("../outside", path)
                let link = try run(
                    "dqn-checkpoint", ["plot", directory("run"), "--x", "time", "-o", directory("plot.svg")])
                #expect(link.status != 0 && link.errors.contains("is a symbolic link"), "\(link.errors)")
            }
            unlink(path)
            try contents.write(to: URL(filePath: path))
        }
    }

    /// Copies of a run with hard links, as some backups are, stay as they were.
    @Test func aHardLinkIsNotWrittenThrough() throws {
        var kept: [String: Data] = [:]
        for name in Self.names where name != "checkpoints" {
            #expect(link(directory("run/\(name)"), directory("copy-\(name)")) == 0)
            kept[name] = try Data(contentsOf: URL(filePath: directory("copy-\(name)")))
        }
        let result = try run("dqn-train", ["--resume", directory("run"), "--steps", "300", "-q"])
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        for (name, data) in kept {
            #expect(try Data(contentsOf: URL(filePath: directory("copy-\(name)"))) == data, "\(name)")
        }
        let lines = try String(contentsOfFile: directory("run/lineage.jsonl"), encoding: .utf8)
        #expect(lines.hasPrefix(String(decoding: kept["lineage.jsonl"] ?? Data(), as: UTF8.self)))
        #expect(lines.contains("\"why\":\"resumed\""))
    }
}
