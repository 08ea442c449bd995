import Foundation
import Testing

/// Paths that shells, scripts and file systems produce: each is used as the kernel reads it, or refused by name.
@Suite struct PathTests {
    /// Runs a line of bash in a directory, in which `$train`, `$play` and `$tool` are the executables.
    private func shell(_ line: String, in folder: String) throws -> Program.Result {
        let executables = [("train", "dqn-train"), ("play", "dqn-play"), ("tool", "dqn-checkpoint")]
        let variables = executables.map { "\($0)='\(Program.executable($1).path)'" }.joined(separator: "; ")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "cd '\(folder)' && \(variables); \(line)"]
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // The programs print a few lines, which fit into the pipes.
        process.waitUntilExit()
        return Program.Result(
            status: process.terminationStatus,
            output: String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self),
            errors: String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }

    private static let training =
        "--env CartPole-v1 --steps 20 --schedule-steps 1000 -q --set network=mlp:4 --eval-every 0 --set log_interval=10"

    @Test func emptyPathsAreRefused() throws {
        let directory = try TemporaryDirectory()
        for (line, words) in [
            ("$train --env CartPole-v1 --out ''", "--out is empty"), ("$train --resume ''", "--resume is empty"),
            ("$train --config ''", "--config is empty"), ("$play ''", "CHECKPOINT is empty"),
            ("$tool show ''", "FILE is empty"), ("$tool ls ''", "DIRECTORY is empty"),
            ("$tool verify ''", "FILE is empty"), ("$tool verify '' --isolated", "FILE is empty"),
            ("$tool diff '' ''", "FIRST is empty"), ("$tool convert '' x --to 2.1", "INPUT is empty"),
            ("$tool strip x '' --replay", "OUTPUT is empty"), ("$tool strip '' x --replay", "INPUT is empty"),
            ("$tool repair '' x", "INPUT is empty"), ("$tool repair x ''", "OUTPUT is empty"),
            ("$tool plot '' -o x.svg", "PATH is empty"), ("$tool plot x -o ''", "--output is empty"),
        ] {
            let result = try shell(line, in: directory.path)
            #expect(result.status == (line.contains("diff") ? 2 : 64), "\(line): \(result.status)")
            #expect(result.errors.contains(words), "\(line): \(result.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test func aFileIsNoDirectory() throws {
        let directory = try TemporaryDirectory()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: directory("FILE")))
        symlink("nowhere", directory("broken"))
        for (line, status, words) in [
            ("$train \(Self.training) --out FILE", 1, "FILE' is a file, not a directory; choose another --out"),
            ("$train \(Self.training) --out FILE/run", 1, "FILE/run' cannot be written (Not a directory)"),
            ("$train \(Self.training) --out broken", 1, "broken' is a symbolic link to something that does not exist"),
            ("$train --resume FILE", 66, "does not hold a run to resume: it is a file, not a directory"),
            ("$train --resume none", 66, "does not hold a run to resume: there is no such directory"),
            ("$train --config .", 64, "cannot be read as JSON (Is a directory)"),
            ("$train --config FILE", 64, "cannot be read as JSON (it is not valid JSON at byte 0)"),
            ("$tool strip FILE . --replay --force", 64, "'.' is a directory"),
            ("$tool convert FILE . --to 2.1 --force", 64, "'.' is a directory"),
        ] as [(String, Int32, String)] {
            let result = try shell(line, in: directory.path)
            #expect(result.status == status, "\(line): \(result.status)")
            #expect(result.errorLine?.contains(words) == true, "\(line): \(result.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["FILE", "broken"])
    }

    @Test func partsOfARunNameTheRun() throws {
        let directory = try TemporaryDirectory()
        #expect(try shell("$train \(Self.training) --out run", in: directory.path).status == 0)
        for part in ["checkpoints", "checkpoints/step-000000000020.h5", "config.json"] {
            let result = try shell("$train --resume run/\(part)", in: directory.path)
            #expect(result.status == 66)
            #expect(result.errorLine?.contains("Use --resume '\(directory("run"))'.") == true, "\(result.errors)")
        }
    }

    /// `link/..` is the directory above the target of `link`.
    @Test func dotsAfterALinkFollowIt() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory("elsewhere/target"), withIntermediateDirectories: true)
        symlink("elsewhere/target", directory("link"))
        for line in [
            "$train \(Self.training) --out link/../x", "$train --resume link/../x --steps 30 -q",
            "$train --config link/../x/config.json --steps 10 -q --out \"$PWD/link/../y\"",
            "$play link/../x --episodes 1", "$tool ls link/../x",
            "$tool show link/../x/checkpoints/step-000000000030.h5",
            "$tool verify link/../x/checkpoints/*.h5",
            "$tool strip link/../x/checkpoints/step-000000000030.h5 link/../policy.h5 --all-but-policy",
            "$tool convert link/../policy.h5 link/../old.h5 --to 2.0 --allow-lossy",
            "$play link/../policy.h5 --episodes 1 --trace link/../trace.jsonl",
            "$tool plot link/../x -o link/../curve.svg --metric train/learning_rate",
            "$tool diff link/../policy.h5 link/../policy.h5",
        ] {
            let result = try shell(line, in: directory.path)
            #expect(result.status == 0, "\(line): \(result.errors)")
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory("elsewhere")).sorted()
                == ["curve.svg", "old.h5", "policy.h5", "target", "trace.jsonl", "x", "y"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["elsewhere", "link"])
        let result = try shell("$train \(Self.training) --out none/../x", in: directory.path)
        #expect(result.status == 66 && result.errorLine?.contains("'none/..'") == true, "\(result.errors)")
    }

    @Test func namesThatAreNotUTF8AreRefused() throws {
        let directory = try TemporaryDirectory()
        for line in [
            "$train \(Self.training) --out $'run\\xff'", "$train --resume $'run\\xff'", "$train --config $'c\\xff'",
            "$train --env $'plugin:./\\xff.so:X'", "$play $'run\\xff'", "$play x --trace $'\\xff'",
            "$tool show $'\\xff'", "$tool verify a $'\\xff'", "$tool strip a $'\\xff' --replay",
        ] {
            let result = try shell(line, in: directory.path)
            #expect(result.status == 64, "\(line): \(result.status)")
            #expect(result.errorLine?.contains("is not valid UTF-8") == true, "\(line): \(result.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        // A relative path in such a directory, and one that leads to it.
        for line in [
            "mkdir $'\\xff'; cd $'\\xff'; $train \(Self.training) --out run",
            "mkdir -p $'\\xff/sub'; ln -s $'\\xff/sub' deep; $train \(Self.training) --out deep/../run",
        ] {
            let result = try shell(line, in: directory.path)
            #expect(result.status == 64, "\(line): \(result.status)")
            #expect(result.errorLine?.contains("is not valid UTF-8") == true, "\(line): \(result.errors)")
        }
    }

    @Test func namesWithSpacesAndOtherLettersWork() throws {
        let directory = try TemporaryDirectory()
        for name in [
            "a b", "größe", "日本", "a%20b", "a?b#c", "-", "a:b", "a'b", "x/./y//z", String(repeating: "n", count: 255),
        ] {
            let quoted = name.replacing("'", with: "'\\''")
            var result = try shell("$train \(Self.training) --out='\(quoted)'", in: directory.path)
            #expect(result.status == 0, "\(name): \(result.errors)")
            result = try shell("$train --resume='\(quoted)' --steps 30 -q", in: directory.path)
            #expect(result.status == 0, "\(name): \(result.errors)")
            #expect(FileManager.default.fileExists(atPath: directory("\(name)/config.json")), "\(name)")
        }
    }
}
