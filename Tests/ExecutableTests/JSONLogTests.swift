import Foundation
import Testing

/// The file of `--log-json` has whole lines, whatever ends the process that writes it.
@Suite struct JSONLogTests {
    private let directory: TemporaryDirectory
    private var log: String { directory("log.jsonl") }

    init() throws { directory = try TemporaryDirectory() }

    private func train(_ name: String, shell: String? = nil) throws -> Program.Result {
        try Program.run(
            "dqn-train",
            ["--env", "CartPole-v1", "--steps", "300", "--out", directory(name), "-q", "--log-json", log] + tiny,
            shell: shell)
    }

    private var lines: [[String: Any]] {
        get throws {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            #expect(text.hasSuffix("\n"))
            return try text.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            }
        }
    }

    @Test(arguments: ["", "{\"eve", "{\"event\":\"", "{\"event\":\"end\"}\n{\"event\":\"metr"])
    func aHalfLineIsRemoved(rest: String) throws {
        try Data(rest.utf8).write(to: URL(filePath: log))
        let result = try train("run")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let whole = rest.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        #expect(try lines[whole]["event"] as? String == "start")
        #expect(try lines.last?["event"] as? String == "end")
    }

    /// A half line longer than what is read at once.
    @Test func aLongHalfLineIsRemoved() throws {
        let text = "{\"event\":\"end\"}\n{\"event\":\"log\",\"message\":\"" + String(repeating: "x", count: 200_000)
        try Data(text.utf8).write(to: URL(filePath: log))
        #expect(try train("run").status == 0)
        #expect(try lines[1]["event"] as? String == "start")
    }

    /// Files cannot be longer than 200 KiB, as if the disk were full.
    @Test func aFullDiskLeavesWholeLines() throws {
        let line = "{\"event\":\"log\",\"message\":\"" + String(repeating: "x", count: 1_000) + "\"}\n"
        let room = 200 * 1_024 - 700
        let text = String(repeating: line, count: room / line.utf8.count)
        let rest = room - text.utf8.count
        let last = line.replacing(String(repeating: "x", count: 1_000), with: String(repeating: "x", count: rest - 30))
        try Data((text + (rest > 100 ? last : "")).utf8).write(to: URL(filePath: log))
        let before = try lines.count
        let result = try train("run", shell: "ulimit -f 200")
        #expect(result.status == 0 && result.errors.contains("--log-json ends"), "\(result)")
        #expect(try lines.count == before, "the first line needs more room")
        #expect(try train("again").status == 0)
        #expect(try lines[before]["event"] as? String == "start")
    }
}
