import DQNCheckpoint
import Foundation
import Testing

/// The progress line on a terminal of a given width.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "util-linux has the program script"))
struct ProgressLineTests {
    /// Runs dqn-train on a terminal and returns the texts that it writes over each other.
    private func lines(columns: Int, _ arguments: [String]) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        let words = ([Program.executable("dqn-train").path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        process.arguments = ["-q", "-c", "stty cols \(columns) rows 24; exec \(words)", "/dev/null"]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(whereSeparator: \.isNewline)
            .filter { $0.hasPrefix("\u{1B}[Kstep ") }.map { String($0.dropFirst(3)) }
    }

    /// At first, nothing is known about the speed. The run ends by itself.
    @Test(arguments: [200, 45, 12])
    func theLineFitsAndShowsTheTimeLeft(columns: Int) throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--steps", "1000000000000", "--time-limit", "3"]
        let first = try lines(
            columns: columns,
            ["--env", "CartPole-v1", "--out", directory("run")] + arguments + tiny + ["--eval-every", "0"])
        let second = try lines(columns: columns, ["--resume", directory("run")] + arguments)
        for lines in [first, second] {
            #expect(lines.count > 3 && lines.allSatisfy { $0.count < columns }, "\(lines)")
            let showing = lines.filter { $0.contains(" s left (time limit)") }
            #expect(columns < 100 || showing.count > 3, "\(lines)")
            #expect(columns < 100 || lines.contains { $0.contains("steps/s") && $0.contains("epsilon") }, "\(lines)")
        }
        #expect(try directory.newest("run").counters.agentSteps > 100)
    }
}
