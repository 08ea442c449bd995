import Foundation
import Testing

/// Runs the commands of pages as a reader does, page by page, in a directory that looks like a clone of the repository.
///
/// The programs take tiny settings besides those of the page: new runs 600 agent steps, others 900. Everything
/// else, and every exit code, is as the page has it.
@Suite struct RunningBlockTests {
    private static let pages = Documents.pages.filter { page in
        Documents.blocks.contains { $0.page == page && ($0.mark("run") ?? $0.mark("run after")) != nil }
    }

    @Test func thereArePages() { #expect(Self.pages.contains("README.md") && Self.pages.count >= 6) }

    @Test(arguments: pages) func theCommandsOfThePageRun(_ page: String) throws {
        let place = try Place()
        for block in Documents.blocks where block.page == page {
            if let before = block.mark("run after") {
                let result = try place.run(before)
                #expect(result.status == 0, "\(block.page):\(block.line): before: \(result.output)")
            } else if block.mark("run") == nil {
                continue
            }
            if block.language == "console" {
                try runSession(block, in: place)
            } else {
                let result = try place.run(Self.withoutMissingPrograms(block.text))
                #expect(result.status == 0, "\(block.page):\(block.line): \(result.output)")
            }
        }
    }

    /// Runs a session command by command. An error that the page shows is the one that the program prints.
    private func runSession(_ block: DocumentBlock, in place: Place) throws {
        var lines = block.text.split(separator: "\n").map(String.init)[...]
        while let line = lines.popFirst() {
            guard line.hasPrefix("$ ") else { continue }
            let command = String(line.dropFirst(2))
            let shown = lines.prefix { !$0.hasPrefix("$ ") }
            let result = try place.run(command)
            if let error = shown.first(where: { $0.contains(#/^dqn-\w+: /#) }) {
                #expect(result.status != 0 && result.output.contains(error), "\(command): \(result.output)")
                continue
            }
            #expect(result.status == 0, "\(command): \(result.output)")
            // Of other lines the page and the program have the words in common; training prints further ones.
            let printed = Set(result.output.split(separator: "\n").map { Self.shape($0) })
            for expected in shown where !command.contains("dqn-train") {
                #expect(printed.contains(Self.shape(expected)), "\(command) does not print '\(expected)'")
            }
        }
    }

    /// A line without its figures.
    private static func shape(_ line: some StringProtocol) -> String {
        String(line).replacing(#/-?[0-9][0-9.,]*(e-?[0-9]+)?/#, with: "#").replacing(#/[0-9a-f]{16,}/#, with: "#")
            .replacing(#/ +/#, with: " ").replacing("[ ", with: "[")
    }

    /// Leaves out commands that need a program which is not installed here.
    private static func withoutMissingPrograms(_ text: String) -> String {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let hasEncoder = path.contains { FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg") }
        guard !hasEncoder else { return text }
        return text.split(separator: "\n").filter { !$0.contains(".mp4") }.joined(separator: "\n")
    }

    /// A directory with the repository's folders, in which the programs are in the path and in `.build/release`.
    private final class Place {
        let directory: TemporaryDirectory

        init() throws {
            directory = try TemporaryDirectory()
            let manager = FileManager.default
            try manager.createDirectory(atPath: directory("bin"), withIntermediateDirectories: true)
            try manager.createDirectory(atPath: directory(".build"), withIntermediateDirectories: true)
            try manager.createSymbolicLink(atPath: directory(".build/release"), withDestinationPath: directory("bin"))
            for name in ["Scripts", "Fixtures", "Examples", "Sources", "Python", "docs"] {
                try manager.createSymbolicLink(
                    atPath: directory(name), withDestinationPath: Documents.root.appendingPathComponent(name).path)
            }
            let new = "--steps 600 --schedule-steps 900 --save-every 300 \(tiny.joined(separator: " "))"
            // The network is that of the source.
            let from =
                "--steps 900 --save-every 300 --eval-every 300 --eval-episodes 2 --set learning_starts=100 "
                + "--set replay_capacity=300 --set log_interval=100 --set batch_size=16"
            try write(
                "dqn-train",
                """
                case " $* " in
                *" --help "*|*" --print-config "*|*" --version "*|*" --list "*) exec "$real" "$@" ;;
                *" --resume "*) exec "$real" "$@" --steps 900 ;;
                *" --from "*) exec "$real" "$@" \(from) ;;
                *) exec "$real" "$@" \(new) ;;
                esac
                """)
            // A policy of 600 steps reaches no return worth asking for.
            try write(
                "dqn-play",
                """
                case " $* " in
                *" --min-return "*) set -- "$@" --min-return=-1000000 ;;
                esac
                case " $* " in
                *" --max-steps "*) exec "$real" "$@" ;;
                *" --render ansi "*) exec "$real" "$@" --max-steps 20 ;;
                *) exec "$real" "$@" --max-steps 300 ;;
                esac
                """)
            try write("dqn-checkpoint", "exec \"$real\" \"$@\"")
            // The program of Examples/Lab.
            try write(
                "Lab",
                """
                case " $* " in
                " train "*" --resume "*) exec "$real" "$@" --steps 900 ;;
                " train "*) exec "$real" "$@" \(new) ;;
                " play "*) exec "$real" "$@" --max-steps 300 ;;
                *) exec "$real" "$@" ;;
                esac
                """)
            // The Python of Scripts/setup-python, which has NumPy and h5py.
            let python = Documents.root.appendingPathComponent(".venv/bin/python").path
            if manager.isExecutableFile(atPath: python) { try write("python3", "exec '\(python)' \"$@\"") }
        }

        private func write(_ name: String, _ body: String) throws {
            let real = ProgramGrammar.programs.contains(name) ? Program.executable(name).path : ""
            let text = "#!/bin/sh\nreal='\(real)'\n\(body)\n"
            try text.write(toFile: directory("bin/\(name)"), atomically: true, encoding: .utf8)
            chmod(directory("bin/\(name)"), 0o755)
        }

        /// Runs commands with bash, which stops at the first failure.
        func run(_ commands: String) throws -> (status: Int32, output: String) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-euo", "pipefail", "-c", commands]
            process.currentDirectoryURL = directory.url
            var environment = ProcessInfo.processInfo.environment
            environment["PATH"] = "\(directory("bin")):\(environment["PATH"] ?? "/usr/bin:/bin")"
            let python = Documents.root.appendingPathComponent(".venv-gymnasium/bin/python").path
            if FileManager.default.isExecutableFile(atPath: python) { environment["DQN_PYTHON"] = python }
            process.environment = environment
            // A file need not be drained, unlike a pipe.
            let file = directory("output-\(UUID().uuidString)")
            _ = FileManager.default.createFile(atPath: file, contents: nil)
            let output = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            process.standardOutput = output
            process.standardError = output
            process.standardInput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            return (process.terminationStatus, try String(contentsOfFile: file, encoding: .utf8))
        }
    }
}
