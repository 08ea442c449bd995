import CommandLineSupport
import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// What the programs print: full disks and closed pipes, the names in JSON, and the text of `show`.
@Suite struct OutputTests {
    private func run(_ directory: TemporaryDirectory, _ more: [String] = []) throws -> String {
        let result = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "200", "--eval-every", "200", "--out", directory("run"), "-q"] + tiny
                + more)
        #expect(result.status == 0, "\(result.errors)")
        return directory("run")
    }

    private func json(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    @Test(arguments: [
        ("exec > /dev/full", "Cannot write to standard output (No space left on device): free disk space"),
        ("exec > >(true); sleep 0.3", "Cannot write to standard output (Broken pipe): its reader has closed it."),
    ])
    func reportsOutputThatCannotBeWritten(shell: String, text: String) throws {
        let directory = try TemporaryDirectory()
        let run = try run(directory)
        let file = directory.checkpointURL("run", 200).path
        let first = directory.checkpointURL("run", 0).path
        let commands: [(program: String, arguments: [String], status: Int32)] = [
            ("dqn-play", [run], 1), ("dqn-play", [run, "--json"], 1), ("dqn-play", [run, "-q"], 1),
            ("dqn-play", [run, "--render", "ansi", "--episodes", "1"], 1), ("dqn-play", ["--help"], 1),
            ("dqn-checkpoint", ["show", file], 1), ("dqn-checkpoint", ["show", file, "--json"], 1),
            ("dqn-checkpoint", ["ls", run], 1), ("dqn-checkpoint", ["verify", file], 1),
            ("dqn-checkpoint", ["verify", file, "--json"], 1), ("dqn-checkpoint", ["diff", first, file], 2),
            ("dqn-checkpoint", ["strip", file, directory("policy.h5"), "--all-but-policy", "--force"], 1),
            ("dqn-checkpoint", ["plot", run, "-o", directory("curve.svg"), "--force"], 1),
            ("dqn-checkpoint", ["--version"], 1), ("dqn-train", ["--env", "CartPole-v1", "--print-config"], 1),
        ]
        for command in commands {
            let result = try Program.run(command.program, command.arguments, shell: shell)
            #expect(result.status == command.status, "\(command): \(result.status) \(result.errors)")
            #expect(result.errors.contains("\(command.program): \(text)"), "\(command): \(result.errors)")
        }
    }

    @Test func aRunWhoseSummaryCannotBePrintedIsSaved() throws {
        let directory = try TemporaryDirectory()
        for (name, option) in [("json", "--json"), ("text", "-v")] {
            let arguments =
                ["--env", "CartPole-v1", "--steps", "100", "--out", directory(name), option] + tiny
                + ["--eval-every", "0"]
            let result = try Program.run("dqn-train", arguments, shell: "exec > /dev/full")
            #expect(result.status == 1, "\(result.errors)")
            #expect(result.errors.contains("dqn-train: Cannot write to standard output (No space left on device)"))
            #expect(result.errors.contains("the run is saved: "), "\(result.errors)")
            #expect(directory.savedSteps(name).last == 100)
        }
    }

    @Test func reportsATraceThatCannotBeWritten() throws {
        let directory = try TemporaryDirectory()
        let run = try run(directory)
        var result = try Program.run("dqn-play", run, "--trace", "/dev/full")
        #expect(result.status == 1)
        #expect(result.errors.contains("dqn-play: Cannot write '/dev/full' (No space left on device)"))
        // Files are limited to 1 KiB.
        result = try Program.run("dqn-play", [run, "--trace", directory("trace")], shell: "ulimit -f 1")
        #expect(result.status == 1)
        #expect(result.errors.contains("trace' (File too large); free disk space"), "\(result.errors)")
        result = try Program.run("dqn-play", run, "--trace", directory("none/trace"))
        #expect(result.status == 1 && result.errors.contains("(No such file or directory)"), "\(result.errors)")
        // A pipe or a device is not a file that could be overwritten.
        result = try Program.run("dqn-play", run, "--episodes", "1", "-q", "--trace", "/dev/stdout")
        #expect(result.status == 0)
        #expect(result.output.split(separator: "\n").first?.contains(#""cut_off":false"#) == true)
    }

    /// Before anything is read or written, and in words that name the directory.
    @Test func aDirectoryThatIsMissingIsNamed() throws {
        let directory = try TemporaryDirectory()
        let run = try run(directory)
        let file = directory.checkpointURL("run", 200).path
        let foreign = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Fixtures/interchange/dueling.pth"
        ).standardized.path
        try "text".write(toFile: directory("note"), atomically: true, encoding: .utf8)
        for (folder, reason) in [
            ("none", "does not exist; create it first"), ("note", "is a file; choose another one"),
        ] {
            let commands = [
                ["import", foreign, directory("\(folder)/x.h5")], ["export", file, directory("\(folder)/x.npz")],
                ["convert", file, directory("\(folder)/x.h5"), "--to", "2.0"],
                ["strip", file, directory("\(folder)/x.h5"), "--replay"],
                ["repair", file, directory("\(folder)/x.h5")], ["plot", run, "-o", directory("\(folder)/x.svg")],
            ]
            for arguments in commands {
                let result = try Program.run("dqn-checkpoint", arguments)
                #expect(result.status == 1, "\(arguments): \(result.errors)")
                let text = "cannot be created: the directory '\(directory(folder))' \(reason)."
                #expect(result.errorLine?.hasSuffix(text) == true, "\(arguments): \(result.errors)")
            }
        }
    }

    @Test func otherOutputBeyondTheFileSizeLimitIsReported() throws {
        let directory = try TemporaryDirectory()
        let file = directory.checkpointURL("run", 200).path
        let run = try run(directory)
        for (program, arguments) in [
            ("dqn-checkpoint", ["strip", file, directory("small.h5"), "--replay"]),
            ("dqn-checkpoint", ["convert", file, directory("small.h5"), "--to", "2.0", "--allow-lossy"]),
            ("dqn-checkpoint", ["plot", run, "-o", directory("curve.svg")]),
            ("dqn-play", [run, "--record", directory("film.gif")]),
        ] {
            let result = try Program.run(program, arguments, shell: "ulimit -f 1")
            #expect(result.status == 1, "\(program) \(arguments): \(result.status) \(result.errors)")
            #expect(result.errors.contains(#/Cannot write|could not be written/#), "\(result.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["run"])
    }

    /// Stored documents, which `show` repeats, keep their keys.
    @Test func jsonHasOneNamingStyle() throws {
        let directory = try TemporaryDirectory()
        let trained = try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "300", "--out", directory("run"), "--json", "-q"] + tiny)
        let file = directory.checkpointURL("run", 300).path
        var found: Set<String> = []
        func collect(_ value: Any) {
            if let list = value as? [Any] { list.forEach(collect) }
            for (key, member) in value as? [String: Any] ?? [:] {
                found.insert(key)
                if !["configuration", "architecture"].contains(key) { collect(member) }
            }
        }
        collect(try json(trained.output))
        for (program, arguments) in [
            ("dqn-play", [directory("run"), "--json"]), ("dqn-checkpoint", ["show", file, "--json"]),
            ("dqn-checkpoint", ["ls", directory("run"), "--json"]), ("dqn-checkpoint", ["verify", file, "--json"]),
            ("dqn-checkpoint", ["ls", directory.path, "--json"]), ("dqn-train", ["--list", "environments", "--json"]),
            ("dqn-checkpoint", ["diff", directory.checkpointURL("run", 0).path, file, "--json"]),
            ("dqn-checkpoint", ["convert", file, directory("1.1.h5"), "--to", "1.1", "--allow-lossy", "--json"]),
            ("dqn-checkpoint", ["strip", file, directory("policy.h5"), "--all-but-policy", "--json"]),
            ("dqn-checkpoint", ["export", file, directory("a.safetensors"), "--pytorch-module", "--json"]),
            ("dqn-checkpoint", ["import", directory("a.safetensors"), "--dry-run", "--json"]),
            ("dqn-train", ["--list", "methods", "--json"]), ("dqn-train", ["--list", "presets", "--json"]),
            ("dqn-train", ["--env", "CartPole-v1", "--print-config"]),
        ] { collect(try json(Program.run(program, arguments).output)) }
        let others = found.filter { $0.wholeMatch(of: #/[a-z][a-z0-9]*(_[a-z0-9]+)*/#) == nil }
        #expect(others.isEmpty, "\(others)")
        let expected: Set = ["agent_steps", "gradient_updates", "mean_return", "standard_deviation", "best_evaluation"]
        #expect(found.isSuperset(of: expected), "\(found)")
        let shown = try #require(json(Program.run("dqn-checkpoint", "show", file, "--json").output) as? [String: Any])
        let evaluation = try #require(shown["evaluation"] as? [String: Any])
        #expect(evaluation["agent_steps"] as? Int == 300 && evaluation["episodes"] as? Int == 2)
        #expect((shown["counters"] as? [String: Int])?["agent_steps"] == 300)
        let summary = try #require(json(trained.output) as? [String: Any])
        #expect((summary["best_evaluation"] as? [String: Any])?["agent_steps"] as? Int == 300)
    }

    @Test func showAlignsAndGroupsEveryKey() throws {
        let directory = try TemporaryDirectory()
        _ = try run(directory)
        let checkpoint = try directory.newest("run")
        let text = try Program.run("dqn-checkpoint", "show", directory.checkpointURL("run", 200).path).output
        let lines = text.prefix(upTo: try #require(text.range(of: "\nworkers\n")).lowerBound).split(separator: "\n")
        guard case .object(let members) = checkpoint.configuration else { return }
        var columns: Set<Int> = []
        for (key, value) in members {
            let line = try #require(lines.first { $0.hasPrefix("    \(key) ") }, "\(key)")
            let json = String(decoding: try value.canonicalData(), as: UTF8.self)
            #expect(line.hasSuffix("  " + json), "\(line)")
            columns.insert(line.count - json.count)
        }
        #expect(columns.count == 1, "the values are in one column: \(columns)")
        let groups = lines.filter { $0.wholeMatch(of: #/  \w+/#) != nil }.map { $0.dropFirst(2) }
        #expect(
            groups == [
                "environment", "run", "schedule", "network", "learning", "optimizer", "replay", "exploration",
                "evaluation",
            ], "a key without a group is under 'other': add it to ConfigurationGroup")
    }

    @Test func showsWarningsAndOtherExtensions() throws {
        let directory = try TemporaryDirectory()
        _ = try run(directory)
        var checkpoint = try directory.newest("run")
        let texts = ["dead_units": "step 200: most units\n\u{1B}[31mare zero", "growing_loss": "step 100: it grows"]
        func group(_ owner: String, _ values: [String: StateSnapshot.Value]) -> ExtensionGroup {
            ExtensionGroup(
                owner: owner, mustUnderstand: false, state: StateSnapshot(kind: "sample", version: 3, values: values))
        }
        checkpoint.extensions = [
            group("org.swift-dqn.warnings", texts.mapValues { .uint8(Array($0.utf8)) }),
            group(
                "org.example.trainer",
                ["numbers": .float64([1, 2]), "bytes": .uint8([255, 254]), "name": .uint8([65])]),
        ]
        let file = directory("warned.h5")
        try checkpoint.write(to: URL(fileURLWithPath: file))
        let text = try Program.run("dqn-checkpoint", "show", file).output
        #expect(!text.contains("\u{1B}"))
        let words = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        let start = try #require(words.firstIndex(of: "warnings"))
        #expect(
            Array(words[(start + 1)...(start + 3)]) == [
                "dead_units step 200: most units\\n\\u{1B}[31mare zero", "growing_loss step 100: it grows",
                "configuration",
            ])
        let other = try #require(words.firstIndex(of: "extension org.example.trainer"))
        #expect(Array(words[(other + 1)...(other + 3)]) == ["kind sample, version 3", "name A", "datasets"])
        let shown = try #require(json(Program.run("dqn-checkpoint", "show", file, "--json").output) as? [String: Any])
        #expect(shown["warnings"] as? [String: String] == texts)
        let extensions = try #require(shown["extensions"] as? [[String: Any]])
        #expect(extensions.map { $0["owner"] as? String } == ["org.example.trainer", "org.swift-dqn.warnings"])
        #expect(extensions.first?["texts"] as? [String: String] == ["name": "A"])
    }

    @Test func groupsLeaveNothingOut() {
        let members: [String: JSONValue] = ["seed": .integer(1), "network": .string("x"), "of_the_future": .bool(true)]
        let groups = ConfigurationGroup.groups(of: members)
        #expect(groups.map(\.title) == ["run", "network", "other"])
        #expect(groups.flatMap(\.members).map(\.key) == ["seed", "network", "of_the_future"])
    }
}
