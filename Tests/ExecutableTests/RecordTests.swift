import Foundation
import Testing

/// Runs `dqn-play --record` and `--render ansi`.
@Suite struct RecordTests {
    /// Creates a barely trained checkpoint.
    private func policy(_ directory: TemporaryDirectory, _ environment: String) throws -> String {
        let path = directory("run-\(environment)")
        let network = environment == "Catch84-v0" ? ["--set", "network=conv:8k8s8/fc16"] : []
        let result = try Program.run(
            "dqn-train",
            ["--env", environment, "--steps", "150", "--out", path, "-q"] + tiny + ["--eval-every", "0"] + network)
        #expect(result.status == 0, "\(result.errors)")
        return path
    }

    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { !$0.hasPrefix("run-") }.sorted()
    }

    @Test(arguments: ["CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Catch-v0", "Catch84-v0"])
    func recordsEveryBuiltInEnvironment(environment: String) throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, environment)
        for name in ["film.gif", "sheet.png"] {
            let arguments = [run, "--record", directory(name), "--max-steps", "8", "--seed", "3"]
            var result = try Program.run("dqn-play", arguments)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("\(name): "), "\(result.output)")
            #expect(result.output.contains("over 1 episodes"), "\(result.output)")
            #expect(try names(directory).contains(name))
            let data = try Data(contentsOf: URL(fileURLWithPath: directory(name)))
            // The same episode produces the same bytes, and an existing file stays.
            result = try Program.run("dqn-play", arguments)
            #expect(result.status == 64 && result.errorLine?.contains("already exists") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: directory(name))) == data)
            let again = directory("again-\(name)")
            result = try Program.run("dqn-play", arguments.map { $0 == directory(name) ? again : $0 } + ["--json"])
            #expect(result.status == 0, "\(result.errors)")
            // One document, which names the file, and no line about it.
            let document = try #require(
                JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.output)")
            #expect(document["recording"] as? String == again)
            #expect(try Data(contentsOf: URL(fileURLWithPath: again)) == data)
        }
        #expect(try names(directory) == ["again-film.gif", "again-sheet.png", "film.gif", "sheet.png"])
    }

    @Test func refusesInvalidRecordingsInOneLine() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, "CartPole-v1")
        for (arguments, status, words) in [
            (["--record", directory("x.avi")], 64, "must end in .gif or .mp4 for a video, or in .png"),
            (["--record", directory("x.gif"), "--episodes", "2"], 64, "--record records one episode, not 2"),
            (["--record", directory("x.gif"), "--speed", "0"], 64, "--speed 0.0 is out of range"),
            (["--speed", "3"], 64, "--speed requires a recording"),
            (["--record", directory("nowhere/x.gif")], 1, "x.gif' (No such file or directory)"),
            (["--record", "/proc/x.png"], 1, "Cannot write '/proc/x.png'"),
            (["--record", "/proc/x.png", "--trace", directory("t")], 1, "Cannot write '/proc/x.png'"),
        ] as [([String], Int32, String)] {
            let result = try Program.run("dqn-play", [run] + arguments)
            #expect(result.status == status && result.output.isEmpty, "\(arguments): \(result.status)")
            #expect(result.errors.contains(words), "\(result.errors)")
        }
        // The limit simulates a full disk.
        let result = try Program.run(
            "dqn-play", [run, "--record", directory("x.gif"), "--seed", "1"], shell: "ulimit -f 8")
        #expect(
            result.status == 1 && result.errorLine?.contains("x.gif' (") == true, "\(result.errors)")
        #expect(try names(directory).isEmpty)
    }

    @Test func refusesMP4WithoutFFmpegBeforeTheEpisode() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, "Catch-v0")
        let result = try Program.run("dqn-play", [run, "--record", directory("x.mp4")], shell: "export PATH=/nowhere")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errorLine?.contains("apt install ffmpeg") == true, "\(result.errors)")
        #expect(try names(directory).isEmpty)
    }

    /// Replaces ffmpeg with a script.
    private func ffmpeg(_ directory: TemporaryDirectory, _ script: String) throws -> String {
        let folder = directory("run-bin")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "#!/bin/sh\n\(script)\n".write(toFile: folder + "/ffmpeg", atomically: true, encoding: .utf8)
        chmod(folder + "/ffmpeg", 0o755)
        return "export PATH=\(folder):$PATH"
    }

    @Test func ffmpegReceivesEveryPicture() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, "Catch-v0")
        // The output contains the arguments and all pictures.
        let path = try ffmpeg(directory, "for last in \"$@\"; do :; done; echo \"$*\" > \"$last\"; cat >> \"$last\"")
        let result = try Program.run(
            "dqn-play", [run, "--record", directory("x.mp4"), "--speed", "5", "-q"], shell: path)
        #expect(result.status == 0, "\(result.errors)")
        let data = try Data(contentsOf: URL(fileURLWithPath: directory("x.mp4")))
        let line = try #require(data.firstIndex(of: 0x0A))
        let words = String(decoding: data[..<line], as: UTF8.self).split(separator: " ").map(String.init)
        #expect(words.contains("-r") && words.contains("5.0"))
        let size = try #require(words.first { $0.wholeMatch(of: #/\d+x\d+/#) != nil }).split(separator: "x")
        let (width, height) = (try #require(Int(size[0])), try #require(Int(size[1])))
        #expect(width % 2 == 0 && height % 2 == 0)
        // The video has nine steps and shows the end for two seconds.
        #expect(data.count - line - 1 == (9 + 10) * 3 * width * height)
        #expect(try names(directory) == ["x.mp4"])
    }

    @Test(arguments: ["echo 'no such codec' >&2; exit 3", "head -c 1000 > /dev/null; echo 'no such codec' >&2; exit 3"])
    func reportsTheErrorOfFFmpeg(script: String) throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, "Catch-v0")
        let result = try Program.run(
            "dqn-play", [run, "--record", directory("x.mp4")], shell: try ffmpeg(directory, script))
        #expect(result.status == 1)
        #expect(result.errorLine?.contains("ffmpeg could not create") == true, "\(result.errors)")
        #expect(result.errors.contains("no such codec"), "\(result.errors)")
        #expect(try names(directory).isEmpty)
    }

    @Test func drawsPicturesWithHalfBlocks() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, "Catch84-v0")
        // `swift test` sets the variable where its output is no terminal.
        let result = try Program.run(
            "dqn-play", [run, "--render", "ansi", "--episodes", "1", "-q"], shell: "unset NO_COLOR")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("▀") && result.output.contains("\u{1B}[38;2;"), "\(result.output.prefix(500))")
        #expect(!result.output.contains("\u{1B}[?25l"), "output to a file has no cursor commands")
    }

    @Test func interruptedVideoIsComplete() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, "MountainCar-v0")
        let process = try Program.start("dqn-play", [run, "--record", directory("x.gif"), "--render", "ansi"])
        // No one reads the pipe, so the program blocks after some steps.
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The first text appears after the first step.
        _ = output.fileHandleForReading.availableData
        kill(process.processIdentifier, SIGINT)
        _ = try output.fileHandleForReading.readToEnd()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let data = try Data(contentsOf: URL(fileURLWithPath: directory("x.gif")))
        #expect(data.last == 0x3B)
        #expect(try names(directory) == ["x.gif"])
    }
}
