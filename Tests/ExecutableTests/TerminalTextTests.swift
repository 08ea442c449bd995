import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Texts of files, of file names and of the command line reach no output as they are: no program prints what a terminal
/// obeys or hides, and no text adds a line that looks like the program's own.
@Suite struct TerminalTextTests {
    /// Erases the screen, moves up, sets a title, reverses and hides text, and fakes a line of each program.
    private static let hostile =
        "\u{1B}[2J\u{1B}[1A\u{1B}]0;owned\u{7}\r\nstep.h5: ok\nmean return 500.00\u{9B}31m\u{7F}\u{85}"
        + "\u{202E}\u{2066}\u{200F}\u{2028}\u{2029}\u{200B}\u{FEFF}\u{E0041}\u{E000}\u{3164}\u{FE0F}\u{FFFE}世界"
    private static let fakes = ["step.h5: ok", "mean return 500"]

    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Checks everything that a program has printed, and returns the result.
    @discardableResult
    private func check(_ program: String, _ arguments: [String], status: Int32? = nil) throws -> Program.Result {
        let result = try Program.run(program, arguments)
        for (name, text) in [("output", result.output), ("errors", result.errors)] {
            for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
                let raw = line.filter { !Self.isPrintable($0) }.map { String($0.value, radix: 16) }
                #expect(raw.isEmpty, "\(program) \(arguments): raw \(raw) in \(name)")
                for fake in Self.fakes {
                    #expect(!String(line).hasPrefix(fake), "\(program) \(arguments): a faked line in \(name)")
                }
                #expect(
                    line.count < 30_000 || arguments.contains("--json"),
                    "\(program) \(arguments): a line of \(line.count) characters in \(name)")
            }
        }
        if let status { #expect(result.status == status, "\(program) \(arguments): \(result)") }
        return result
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .unassigned, .surrogate, .lineSeparator, .paragraphSeparator: false
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// A run in a directory with a hostile name, whose newest file has hostile texts wherever a file may have any.
    private func hostileRun() throws -> (run: String, file: String) {
        let name = "run\(Self.hostile)"
        let run = directory(name)
        let result = try check(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "150", "--schedule-steps", "300", "--out", run] + tiny
                + ["--eval-every", "100"],
            status: 0)
        #expect(result.output.contains("\\u{1B}[2J") && result.output.contains("世界"), "\(result.output)")
        var checkpoint = try directory.newest(name)
        checkpoint.writer = Writer(name: Self.hostile, version: Self.hostile)
        guard case .object(var configuration) = checkpoint.configuration else { return (run, "") }
        configuration[Self.hostile] = .string(Self.hostile)
        configuration["of_the_future"] = .object([Self.hostile: .array([.string(Self.hostile)])])
        configuration["long"] = .string(String(repeating: Self.hostile, count: 2_000))
        checkpoint.configuration = .object(configuration)
        let texts = ["dead_units": StateSnapshot.Value.uint8(Array(Self.hostile.utf8))]
        for owner in ["org.swift-dqn.warnings", "org.swift-dqn.environment", "org.example"] {
            checkpoint.extensions.append(
                ExtensionGroup(
                    owner: owner, mustUnderstand: false,
                    state: StateSnapshot(kind: Self.hostile, version: 1, values: texts)))
        }
        let file = directory("\(name)/checkpoints/\(CheckpointStore.fileName(agentSteps: 150))")
        try checkpoint.write(to: URL(fileURLWithPath: file), overwriting: true)
        return (run, file)
    }

    @Test func noTextOfAFileReachesATerminalAsItIs() throws {
        let (run, file) = try hostileRun()
        func tool(_ arguments: String..., status: Int32? = nil) throws -> Program.Result {
            try check("dqn-checkpoint", arguments, status: status)
        }
        let shown = try tool("show", file, status: 0)
        #expect(shown.output.contains("\\u{1B}[2J") && shown.output.contains("characters omitted"))
        let json = try tool("show", file, "--json", status: 0).output
        let document = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let configuration = try #require(document["configuration"] as? [String: Any])
        #expect(configuration[Self.hostile] as? String == Self.hostile, "JSON keeps the text")
        #expect((configuration["long"] as? String)?.unicodeScalars.count == Self.hostile.unicodeScalars.count * 2_000)
        for arguments in [["verify", file], ["verify", file, "--json"], ["verify", file, "--isolated", "--deep"]] {
            try check("dqn-checkpoint", arguments, status: 0)
        }
        _ = try tool("ls", run, status: 0)
        _ = try tool(
            "diff", file, directory("run\(Self.hostile)/checkpoints/\(CheckpointStore.fileName(agentSteps: 0))"))
        _ = try tool("convert", file, directory("old.h5"), "--to", "2.0", status: 1)
        _ = try tool("convert", file, directory("old\(Self.hostile)"), "--to", "2.0", "--allow-lossy", status: 0)
        _ = try tool("strip", file, directory("policy\(Self.hostile)"), "--all-but-policy", status: 0)
        _ = try tool("repair", file, directory("repaired.h5"), status: 64)
        _ = try tool("plot", file, "-o", directory("curve\(Self.hostile).svg"), status: 0)
        let svg = try String(contentsOfFile: directory("curve\(Self.hostile).svg"), encoding: .utf8)
        #expect(svg.unicodeScalars.allSatisfy { $0 == "\n" || Self.isPrintable($0) })
        _ = try tool("plot", file, "-o", directory("x.svg"), "--metric", Self.hostile, status: 64)
        try check("dqn-play", [file, "--episodes", "1"], status: 0)
        try check("dqn-play", [run, "--episodes", "1", "--json"], status: 0)
        try check("dqn-play", [file, "--env", Self.hostile])
        // It has keys that no release knows.
        try check("dqn-train", ["--resume", run])
        try check("dqn-train", ["--from", file, "--out", directory("new"), "--steps", "200"])
    }

    /// Each of these files is refused, or changes what is logged.
    @Test func noTextOfARefusedFileReachesATerminalAsItIs() throws {
        let (run, file) = try hostileRun()
        var checkpoint = try Checkpoint(contentsOf: URL(fileURLWithPath: file))
        let configuration = checkpoint.configuration
        func play(_ changes: [String: JSONValue]) throws {
            guard case .object(var members) = configuration else { return }
            members.merge(changes) { $1 }
            checkpoint.configuration = .object(members)
            let url = directory.url.appendingPathComponent("policy.h5")
            try checkpoint.write(to: url, overwriting: true)
            try check("dqn-play", [url.path, "--episodes", "1"])
        }
        try play(["environment": .string(Self.hostile)])
        try play(["wrappers": .array([.string(Self.hostile)])])
        try play(["environment": .string("CartPole-v1?\(Self.hostile)=\(Self.hostile)")])
        let bytes = Data(Self.hostile.utf8)
        let named = directory("file\(Self.hostile).h5")
        try bytes.write(to: URL(fileURLWithPath: named))
        for command in ["show", "verify", "ls", "plot", "diff", "convert", "strip", "repair"] {
            let more = [
                "plot": ["-o", "x.svg"], "diff": [named], "convert": ["x.h5", "--to", "2.0"], "repair": ["x.h5"],
            ]
            try check("dqn-checkpoint", [command, named] + (more[command] ?? []))
        }
        try check("dqn-play", [named])
        try check("dqn-train", ["--env", "CartPole-v1", "--config", named, "--out", directory("new")], status: 64)
        let settings = try JSONSerialization.data(withJSONObject: [Self.hostile: Self.hostile])
        try settings.write(to: URL(fileURLWithPath: named))
        try check("dqn-train", ["--env", "CartPole-v1", "--config", named, "--out", directory("new")], status: 64)
        // The tables of a run.
        for table in ["\(Self.hostile),x\n1,2\n", "time/time_elapsed,\u{1B}[2J\n1,\u{1B}[2J\u{202E}\n"] {
            try Data(table.utf8).write(to: URL(fileURLWithPath: "\(run)/metrics.csv"))
            try check("dqn-checkpoint", ["plot", run, "-o", directory("x.svg"), "--x", "time"])
        }
        // A name in a listing.
        let checkpoints = URL(fileURLWithPath: run).appendingPathComponent("checkpoints")
        try bytes.write(to: checkpoints.appendingPathComponent("step-\(Self.hostile).h5.tmp"))
        try bytes.write(to: checkpoints.appendingPathComponent(CheckpointStore.fileName(agentSteps: 999)))
        try check("dqn-checkpoint", ["ls", run])
        try check("dqn-train", ["--resume", run])
        try Data("{\"\(Self.hostile.prefix(1)[...])\": 1}".utf8).write(to: URL(fileURLWithPath: "\(run)/config.json"))
        try check("dqn-train", ["--resume", run])
    }

    /// A shell may put the name of any file on a command line. What is wrong is one line with the remedy.
    @Test(arguments: [
        ("dqn-train", ["--env", hostile]), ("dqn-train", ["--env", "CartPole-v1", "--set", "\(hostile)=\(hostile)"]),
        ("dqn-train", ["--env", "CartPole-v1", "--set", "network=\(hostile)"]),
        ("dqn-train", ["--env", "CartPole-v1", "--method", hostile]), ("dqn-train", ["--steps", hostile]),
        ("dqn-train", [hostile]), ("dqn-train", ["--\(hostile)"]), ("dqn-train", ["--resume", hostile]),
        ("dqn-train", ["--save-on-signal", hostile]), ("dqn-train", ["--time-limit", hostile]),
        ("dqn-train", ["--memory", "lots"]), ("dqn-play", ["x", "--which", hostile]), ("dqn-play", [hostile]),
        ("dqn-play", ["x", "--render", hostile]), ("dqn-play", ["x", "--episodes", "1e9"]), ("dqn-play", []),
        ("dqn-play", ["x", "--record", hostile]), ("dqn-checkpoint", [hostile]), ("dqn-checkpoint", ["show"]),
        ("dqn-checkpoint", ["show", hostile]), ("dqn-checkpoint", ["plot", hostile, "-o", "x", "--x", hostile]),
        ("dqn-checkpoint", ["convert", hostile, hostile, "--to", hostile]),
        ("dqn-checkpoint", ["diff", hostile, hostile]),
        ("dqn-checkpoint", ["verify", "x", "--memory", hostile, "--isolated"]),
    ])
    func argumentsAreEscapedToo(program: String, arguments: [String]) throws {
        let result = try check(program, arguments)
        #expect([2, 64, 66].contains(result.status), "\(result)")
        let line = try #require(result.errorLine, "\(result.errors)")
        #expect(line.hasPrefix("\(program): ") && result.output.isEmpty, "\(result)")
        #expect(!line.contains("Usage:"), "\(line)")
    }

    @Test func aRefusedOptionNamesTheHelp() throws {
        for (program, arguments, text) in [
            ("dqn-train", ["--steps", "many"], "'many' is invalid for '--steps <n>'; use a whole number"),
            ("dqn-train", ["--seed"], "See 'dqn-train --help'."),
            ("dqn-train", ["--sede", "3"], "Did you mean '--seed'?"),
            ("dqn-checkpoint", ["show"], "Missing expected argument '<file>'. See 'dqn-checkpoint"),
            ("dqn-checkpoint", ["show", "a", "b"], "See 'dqn-checkpoint show --help'."),
            ("dqn-play", ["x", "--render", "film"], "Please provide one of 'none' and 'ansi'. See 'dqn-play --help'."),
        ] {
            let result = try Program.run(program, arguments)
            #expect(result.status == 64)
            #expect(result.errorLine?.contains(text) == true, "\(result.errors)")
        }
    }
}
