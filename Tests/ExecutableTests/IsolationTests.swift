import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// `dqn-checkpoint verify`, also with --isolated: its output and exit codes.
@Suite struct IsolationTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints")

    private func golden(_ name: String) -> String { Self.fixtures.appendingPathComponent(name).path }

    private func verify(_ arguments: String...) throws -> Program.Result {
        try Program.run("dqn-checkpoint", ["verify"] + arguments)
    }

    @Test func isolatedVerificationPrintsTheSame() throws {
        let directory = try TemporaryDirectory()
        let sealed = directory("sealed.h5")
        #expect(
            try Program.run("dqn-checkpoint", "convert", golden("1.1/method-dqn.h5"), sealed, "--to", "2.0").status == 0
        )
        var bytes = try Data(contentsOf: URL(fileURLWithPath: sealed))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: directory.url.appendingPathComponent("damaged.h5"))
        let files = [
            sealed, golden("1.1/method-dqn.h5"), golden("hostile/rule-6-cycle.h5"), golden("hostile/rule-8-compact.h5"),
            directory("damaged.h5"),
        ]
        for options in [[], ["--deep"], ["--json"]] {
            let plain = try Program.run("dqn-checkpoint", ["verify"] + files + options)
            let isolated = try Program.run("dqn-checkpoint", ["verify", "--isolated"] + files + options)
            #expect(plain.status == 65 && isolated.status == 65)
            #expect(plain.output == isolated.output && isolated.errors.isEmpty, "\(isolated.output) \(isolated.errors)")
        }
        let text = try verify(files[0], files[2], "--isolated").output
        #expect(text.hasPrefix("\(sealed): ok\n\(files[2]): FAILED [R6] "), "\(text)")
        #expect(try verify(sealed, "--isolated", "--deep").status == 0)
    }

    @Test func refusesMissingFilesAndInvalidOptions() throws {
        let directory = try TemporaryDirectory()
        let missing = try verify(directory("none.h5"), "--isolated")
        #expect(missing.status == 66 && missing.output.contains("none.h5"), "\(missing.output)")
        #expect(try verify(golden("1.1/method-dqn.h5"), "--memory", "1G").status == 64)
        for amount in ["0", "-1", "1T", "x", "", "1,5G", "99999999999G"] {
            #expect(try verify(golden("1.1/method-dqn.h5"), "--isolated", "--memory", amount).status == 64, "\(amount)")
        }
        // After `--`, a name that looks like an option is a file.
        #expect(try verify("--isolated", "--", "--deep").status == 66)
    }

    /// Exceeding the memory limit ends the reader, not the program.
    @Test func killedReaderFailsTheFile() throws {
        let directory = try TemporaryDirectory()
        let architecture = try NetworkArchitecture(
            "mlp:5000,5000", input: ObservationSpace(shape: [4], element: .float32), actions: 2)
        let checkpoint = Checkpoint(
            writer: .current, configuration: .object(["environment": .string("CartPole-v1")]),
            architecture: architecture,
            online: [Float](repeating: 0.5, count: try ParameterLayout(architecture).count), stripped: ["training"])
        let file = directory("large.h5")
        try checkpoint.write(to: URL(fileURLWithPath: file))
        #expect(try verify(file, "--isolated").status == 0)
        // The limit suffices to start but not for the 100 MB of the network.
        let killed = try verify(file, golden("1.1/method-dqn.h5"), "--isolated", "--memory", "80M")
        #expect(killed.status == 65)
        let lines = killed.output.split(separator: "\n")
        #expect(lines.first?.contains("FAILED '\(file)' could not be parsed: the reader was killed by signal") == true)
        #expect(lines.first?.contains("allowed 80 MiB of memory") == true, "\(killed.output)")
        // The next file has a new reader.
        #expect(lines.count == 2 && lines[1].hasSuffix(": ok"), "\(killed.output)")
        #expect(killed.errors.isEmpty, "\(killed.errors)")
    }

    /// libhdf5 neither takes nor respects locks, whatever the value of its environment variable.
    @Test(arguments: [nil, "TRUE", "BEST_EFFORT", "1", "FALSE"])
    func readsAFileThatSomebodyElseHasLocked(_ setting: String?) throws {
        let directory = try TemporaryDirectory()
        let file = directory("locked.h5")
        try FileManager.default.copyItem(atPath: golden("1.1/method-dqn.h5"), toPath: file)
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        let environment = setting.map { ["HDF5_USE_FILE_LOCKING": $0] } ?? [:]
        let process = try Program.start("dqn-checkpoint", ["verify", file], environment: environment)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func printsALinePerBrokenRule() throws {
        let directory = try TemporaryDirectory()
        // Finds two datasets of a file without a seal by their content.
        var bytes = try Data(contentsOf: URL(fileURLWithPath: golden("1.0/sample-vector.h5")))
        for text in ["\"episode_length\":17", "\"curiosity\""] {
            let place = try #require(bytes.range(of: Data(text.utf8)))
            bytes[place.lowerBound + 2] ^= 1
        }
        let file = directory("damaged.h5")
        try bytes.write(to: URL(fileURLWithPath: file))
        let text = try verify(file)
        #expect(text.status == 65)
        let lines = text.output.split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("\(file): FAILED [R9] ") }, "\(text.output)")
        let result = try verify(file, "--json").output
        let rows = try #require(JSONSerialization.jsonObject(with: Data(result.utf8)) as? [[String: Any]])
        let failures = try #require(rows.first?["failures"] as? [[String: String]])
        #expect(failures.map { $0["rule"] } == ["R9", "R9"])
        #expect(rows.first?["rule"] as? String == "R9" && rows.first?["reason"] as? String == failures[0]["reason"])
        #expect(rows.first?["valid"] as? Bool == false && rows.first?["digest"] == nil)
    }
}

/// `dqn-checkpoint repair`: what it saves and prints, and its exit codes.
@Suite struct RepairToolTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/checkpoints")
    private let original = fixtures.appendingPathComponent("1.1/method-dqn.h5").path

    private func repair(_ arguments: String...) throws -> Program.Result {
        try Program.run("dqn-checkpoint", ["repair"] + arguments)
    }

    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }

    @Test func repairsADamagedOptimizer() throws {
        let directory = try TemporaryDirectory()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: original))
        let place = try #require(bytes.range(of: Data("\"step_count\":".utf8)))
        bytes[place.lowerBound + 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: directory("damaged.h5")))
        let result = try repair(directory("damaged.h5"), directory("saved.h5"))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2, "\(result.output)")
        #expect(lines.first?.hasPrefix("lost: optimizer: [R9] ") == true, "\(result.output)")
        #expect(lines.last?.hasSuffix(" bytes, without optimizer") == true, "\(result.output)")
        #expect(try Program.run("dqn-checkpoint", "verify", "--deep", directory("saved.h5")).status == 0)
        let played = try Program.run("dqn-play", directory("saved.h5"), "--episodes", "2")
        #expect(played.status == 0)
        #expect(try played.output == Program.run("dqn-play", original, "--episodes", "2").output)
        #expect(try names(directory) == ["damaged.h5", "saved.h5"])

        // An existing file stays without --force; the input file always stays.
        let refused = try repair(directory("damaged.h5"), directory("saved.h5"))
        #expect(refused.status == 64 && refused.errorLine?.contains("--force") == true, "\(refused.errors)")
        #expect(try repair(directory("damaged.h5"), directory("damaged.h5"), "--force").status == 64)
        let forced = try repair(directory("damaged.h5"), directory("saved.h5"), "--force", "--json")
        let object = try #require(JSONSerialization.jsonObject(with: Data(forced.output.utf8)) as? [String: Any])
        #expect(object["stripped"] as? [String] == ["optimizer"])
        #expect((object["lost"] as? [[String: String]])?.first?["part"] == "optimizer")
        #expect((object["damage"] as? [[String: String]])?.first?["rule"] == "R9")
    }

    @Test func repairsADamagedSeal() throws {
        let directory = try TemporaryDirectory()
        #expect(try Program.run("dqn-checkpoint", "convert", original, directory("a.h5"), "--to", "2.0").status == 0)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: directory("a.h5")))
        bytes[100] ^= 1
        try bytes.write(to: URL(fileURLWithPath: directory("damaged.h5")))
        let result = try repair(directory("damaged.h5"), directory("saved.h5"))
        #expect(result.status == 0)
        #expect(
            result.output.hasPrefix("nothing is lost; only the file structure was damaged: [R"), "\(result)")
        let differences = try Program.run("dqn-checkpoint", "diff", directory("a.h5"), directory("saved.h5"))
        let others = differences.output.split(separator: "\n").filter {
            !$0.hasPrefix("extensions/org.swift-dqn.repair/")
        }
        #expect(differences.status == 1 && others.isEmpty, "\(differences.output)")
    }

    @Test func refusesUnrepairableFiles() throws {
        let directory = try TemporaryDirectory()
        let whole = try repair(original, directory("saved.h5"))
        #expect(whole.status == 64 && whole.errorLine?.contains("nothing to repair") == true, "\(whole.errors)")
        let missing = try repair(directory("none.h5"), directory("saved.h5"))
        #expect(missing.status == 66 && missing.errorLine?.contains("none.h5") == true, "\(missing.errors)")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: original))
        let place = try #require(bytes.range(of: Data("\"datasets\":[".utf8)))
        bytes[place.lowerBound + 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: directory("damaged.h5")))
        let nothing = try repair(directory("damaged.h5"), directory("saved.h5"))
        #expect(nothing.status == 65 && nothing.errorLine?.contains("[R4] Nothing of") == true, "\(nothing.errors)")
        // Running out of memory is reported and leaves no file behind.
        let killed = try repair(directory("damaged.h5"), directory("saved.h5"), "--memory", "1M")
        #expect(killed.status != 0 && killed.errorLine != nil, "\(killed.errors)")
        #expect(try names(directory) == ["damaged.h5"])
    }
}
