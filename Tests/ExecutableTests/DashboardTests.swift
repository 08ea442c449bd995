import DQNCheckpoint
import Foundation
import Testing

/// `dqn-train --dashboard` on a terminal.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "util-linux has the program script"))
struct DashboardTests {
    private func arguments(_ directory: TemporaryDirectory, _ steps: Int = 600) -> [String] {
        [
            "--env", "CartPole-v1", "--steps", "\(steps)", "--schedule-steps", "900", "--save-every", "300", "--out",
            directory("run"),
        ] + tiny
    }

    @Test func theDashboardShowsTheRunAndLeavesTheLog() throws {
        let directory = try TemporaryDirectory()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        let words =
            ([Program.executable("dqn-train").path]
            + arguments(directory) + [
                "--steps", "1000000000000", "--schedule-steps", "1000000000000", "--time-limit", "4", "--dashboard",
            ])
            .map { "'\($0)'" }.joined(separator: " ")
        process.arguments = ["-q", "-c", "stty cols 100 rows 40; exec \(words)", "/dev/null"]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        for part in [
            "CartPole-v1  dqn", "steps/s ", "epsilon ", "loss ", "Q ", "% ", "left (time limit)", "│", "└0", "●",
        ] {
            #expect(text.contains(part), "\(part): \(text.suffix(3000))")
        }
        #expect(text.contains("\u{1B}[?25l"), "the cursor is hidden")
        let end = try #require(text.range(of: "\u{1B}[?25h", options: .backwards), "and comes back")
        // The lines of the log follow the screen.
        #expect(text[end.upperBound...].contains(": evaluation "), "\(text[end.upperBound...])")
        #expect(text[end.upperBound...].contains("time limit reached at step "))
    }

    /// A suspended program leaves the cursor to the shell, and draws everything anew when it continues.
    @Test func aSuspensionGivesTheTerminalBack() throws {
        let directory = try TemporaryDirectory()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        let words =
            ([Program.executable("dqn-train").path]
            + arguments(directory) + [
                "--steps", "1000000000000", "--schedule-steps", "1000000000000", "--time-limit", "60", "--dashboard",
            ])
            .map { "'\($0)'" }.joined(separator: " ")
        process.arguments = [
            "-q", "-c", "stty cols 100 rows 40; echo $$ > '\(directory("pid"))'; exec \(words)", "/dev/null",
        ]
        _ = FileManager.default.createFile(atPath: directory("screen"), contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: directory("screen"))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var screen: String {
            String(decoding: (try? Data(contentsOf: URL(filePath: directory("screen")))) ?? Data(), as: UTF8.self)
        }
        func wait(until isSo: () -> Bool) -> Bool {
            for _ in 0..<600 where process.isRunning {
                if isSo() { return true }
                usleep(100_000)
            }
            return isSo()
        }
        let (drawn, restored) = ("\u{1B}[?25l\u{1B}[H\u{1B}[2J", "\u{1B}[999;1H")
        #expect(wait { screen.contains(drawn) })
        let text = try String(contentsOfFile: directory("pid"), encoding: .utf8)
        let identifier = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        // The system does not stop a process without a shell that could continue it, so this one goes on at once.
        kill(identifier, SIGTSTP)
        #expect(
            wait {
                screen.range(of: restored).map { screen[$0.upperBound...].contains(drawn) } == true
            })
        // Also the second time.
        kill(identifier, SIGTSTP)
        #expect(
            wait { screen.components(separatedBy: restored + "\r\n\u{1B}[?25h").count == 3 }, "\(screen.suffix(500))")
        kill(identifier, SIGINT)
        #expect(wait { !process.isRunning })
        let end = try #require(screen.range(of: "\u{1B}[?25h", options: .backwards))
        #expect(!screen[end.upperBound...].contains("\u{1B}[?25l"))
    }

    /// Two writers would spoil the screen.
    @Test func noOtherOutputGoesToTheTerminal() throws {
        let directory = try TemporaryDirectory()
        let words =
            ([Program.executable("dqn-train").path] + arguments(directory) + ["--dashboard", "--log-json", "2"])
            .map { "'\($0)'" }.joined(separator: " ")
        let result = try Program.run(
            "script", ["-q", "-e", "-c", words, "/dev/null"], shell: "true", at: "/usr/bin/script")
        #expect(result.status == 64 && result.output.contains("--log-json 2 and --dashboard both write"), "\(result)")
        #expect(!FileManager.default.fileExists(atPath: directory("run")))
    }
}
