import DQNCheckpoint
import Foundation
import Testing

/// What a run did not write is never replaced, and what a killed run left is removed.
@Suite struct ForeignFileTests {
    private static let steps = 300
    /// Ends the run in the middle of its schedule.
    private let half = ["--steps", "200", "--schedule-steps", "\(ForeignFileTests.steps)"]

    private func arguments(_ out: String) -> [String] {
        ["--env", "CartPole-v1", "--steps", "\(Self.steps)", "--save-every", "100", "-q", "--out", out] + tiny
    }

    /// A name, and its contents; `nil` for a directory.
    private static let foreign: [(String, String?)] = [
        ("metrics.csv", "mine,too\n"), ("metrics.csv", ""), ("metrics.csv", nil),
        ("metrics.csv", "time/total_timesteps,time/time_elapsed\n"), ("workers.csv", "name,team\n"),
        ("config.json", "{\"name\": \"mine\"}"), ("config.json", "not JSON"), ("config.json", nil),
        ("curve.svg", "<svg/>"), ("lineage.jsonl", "{}\n"), ("checkpoints", "a file"),
        ("checkpoints/model.pt", "weights"), ("checkpoints/epoch-1", nil),
    ]

    @Test(arguments: foreign) func foreignFilesAreRefusedByNameBeforeAnythingIsWritten(
        name: String, contents: String?
    ) throws {
        let directory = try TemporaryDirectory()
        let url = directory.url.appendingPathComponent("run/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        if let contents {
            try Data(contents.utf8).write(to: url)
        } else {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        }
        let before = try FileManager.default.subpathsOfDirectory(atPath: directory("run")).sorted()
        let result = try Program.run("dqn-train", arguments(directory("run")))
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("'\(url.path)'") == true, "\(result.errors)")
        #expect(result.errorLine?.contains("choose another --out") == true, "\(result.errors)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: directory("run")).sorted() == before)
        if let contents { #expect(try Data(contentsOf: url) == Data(contents.utf8)) }
    }

    @Test func foreignLinksAndPipesAreRefused() throws {
        let directory = try TemporaryDirectory()
        for name in ["metrics.csv", "config.json"] {
            try FileManager.default.createDirectory(atPath: directory("run"), withIntermediateDirectories: true)
            let path = directory("run/\(name)")
            for make in [{ mkfifo(path, 0o600) }, { symlink("nowhere", path) }] {
                #expect(make() == 0)
                let result = try Program.run("dqn-train", arguments(directory("run")))
                #expect(result.status == 1)
                #expect(result.errorLine?.contains("'\(path)'") == true, "\(result.errors)")
                unlink(path)
            }
        }
    }

    /// Other files in the directory, such as the log of a scheduler, do not matter.
    @Test func otherFilesStay() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory("run/checkpoints"), withIntermediateDirectories: true)
        let names = ["slurm-123.out", "notes.tmp", ".dat.nosync1.mine", "checkpoints/.nfs0001"]
        for name in names { try Data("mine".utf8).write(to: URL(fileURLWithPath: directory("run/\(name)"))) }
        #expect(try Program.run("dqn-train", arguments(directory("run")) + half).status == 0)
        let resumed = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "300")
        #expect(resumed.status == 0, "\(resumed.errors)")
        for name in names {
            #expect(try Data(contentsOf: URL(fileURLWithPath: directory("run/\(name)"))) == Data("mine".utf8))
        }
    }

    @Test func aResumeReplacesNothingOfSomebodyElse() throws {
        let directory = try TemporaryDirectory()
        #expect(try Program.run("dqn-train", arguments(directory("run"))).status == 0)
        for name in ["metrics.csv", "workers.csv", "lineage.jsonl", "curve.svg"] {
            let path = directory("run/\(name)")
            let own = try Data(contentsOf: URL(fileURLWithPath: path))
            try Data("mine,too\n1,2\n".utf8).write(to: URL(fileURLWithPath: path))
            let before = try directory.contents("run")
            let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "400")
            #expect(result.status == 1)
            #expect(result.errorLine?.contains("'\(path)' does not belong to a run") == true, "\(result.errors)")
            #expect(try directory.contents("run") == before)
            try own.write(to: URL(fileURLWithPath: path))
        }
    }

    /// Unlike a run that was never saved, one whose checkpoints somebody has moved does not begin again.
    @Test func aRunWithoutItsCheckpointsIsLeftAlone() throws {
        let directory = try TemporaryDirectory()
        #expect(try Program.run("dqn-train", arguments(directory("run"))).status == 0)
        for folder in [false, true] {
            if folder {
                try FileManager.default.removeItem(atPath: directory("run/checkpoints"))
            } else {
                for file in try FileManager.default.contentsOfDirectory(atPath: directory("run/checkpoints")) {
                    try FileManager.default.removeItem(atPath: directory("run/checkpoints/\(file)"))
                }
            }
            let before = try directory.contents("run")
            let resumed = try Program.run("dqn-train", "--resume", directory("run"))
            #expect(resumed.status == 66)
            #expect(
                resumed.errorLine?.contains("its checkpoints have been moved or deleted. Put them back") == true,
                "\(resumed.errors)")
            let started = try Program.run("dqn-train", arguments(directory("run")))
            #expect(started.status == 1)
            #expect(
                started.errorLine?.contains("holds the records of a run without its checkpoints") == true,
                "\(started.errors)")
            #expect(try directory.contents("run") == before)
        }
    }

    @Test func aTemporaryFileOfSomebodyElseIsNotReplaced() throws {
        let directory = try TemporaryDirectory()
        #expect(try Program.run("dqn-train", arguments(directory("run"))).status == 0)
        let file = directory.checkpointURL("run", Self.steps).path
        let temporary = URL(fileURLWithPath: directory("policy.h5.tmp"))
        try Data("mine".utf8).write(to: temporary)
        let arguments = ["strip", file, directory("policy.h5"), "--all-but-policy"]
        let refused = try Program.run("dqn-checkpoint", arguments)
        #expect(refused.status == 64)
        #expect(
            refused.errorLine?.contains("policy.h5.tmp' is not an unfinished checkpoint") == true, "\(refused.errors)")
        #expect(try Data(contentsOf: temporary) == Data("mine".utf8))
        // What a killed command leaves begins like a checkpoint.
        for beginning in [Data(), Data(count: 600), try Data(contentsOf: URL(fileURLWithPath: file)).prefix(700)] {
            try beginning.write(to: temporary)
            #expect(try Program.run("dqn-checkpoint", arguments + ["--force"]).status == 0)
            #expect(!FileManager.default.fileExists(atPath: temporary.path))
        }
    }

    @Test func leftoversOfKilledWritesAreRemoved() throws {
        let directory = try TemporaryDirectory()
        #expect(try Program.run("dqn-train", arguments(directory("run")) + half).status == 0)
        let leftovers = [
            (".config.json.dqn-tmp", "{"), (".metrics.csv.dqn-tmp", ""), (".dat.nosync3a1b.Xy12Zz", "time/total_time"),
            (".dat.nosync3a1b.Xy12Za", "{\n  \"compute\" : \"x\""), ("checkpoints/step-000000000400.h5.tmp", "half"),
        ]
        for (name, contents) in leftovers {
            try Data(contents.utf8).write(to: URL(fileURLWithPath: directory("run/\(name)")))
        }
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "300")
        #expect(result.status == 0, "\(result.errors)")
        for (name, _) in leftovers {
            #expect(!FileManager.default.fileExists(atPath: directory("run/\(name)")), "\(name)")
            #expect(
                result.errors.contains("\(name.split(separator: "/").last ?? "") was unfinished"), "\(result.errors)")
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory("run")).sorted()
                == ["checkpoints", "config.json", "curve.svg", "lineage.jsonl", "metrics.csv", "workers.csv"])
    }
}
