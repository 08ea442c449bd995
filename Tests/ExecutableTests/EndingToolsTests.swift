import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Signals to the programs that do not train.
@Suite struct EndingToolsTests {
    private func trained(_ directory: TemporaryDirectory, _ more: [String] = []) throws {
        let result = try Program.run(
            "dqn-train", ["--env", "CartPole-v1", "--out", directory("run"), "--steps", "200", "-q"] + tiny + more)
        #expect(result.status == 0, "\(result.errors)")
    }

    /// Starts a program, sends a signal after a time and returns the exit status; -1 after death by a signal.
    private func interrupt(
        _ name: String, _ arguments: [String], after seconds: Double, with signal: Int32,
        when isReady: () -> Bool = { true }
    ) throws -> Int32 {
        let process = try Program.start(name, arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let deadline = Date().addingTimeInterval(60)
        while !isReady(), process.isRunning, Date() < deadline { usleep(5_000) }
        Thread.sleep(forTimeInterval: seconds)
        kill(process.processIdentifier, signal)
        while process.isRunning, Date() < deadline { usleep(5_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1, SIGINT, SIGXCPU])
    func playingEndsBetweenStepsWithACompleteTrace(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        try trained(directory)
        let trace = directory("trace.jsonl")
        let status = try interrupt(
            "dqn-play", [directory("run"), "--episodes", "1000000", "-q", "--trace", trace], after: 0, with: signal,
            when: { ((try? Data(contentsOf: URL(fileURLWithPath: trace))) ?? Data()).count > 1000 })
        #expect(status == 130)
        let text = try String(contentsOfFile: trace, encoding: .utf8)
        #expect(text.hasSuffix("}\n"))
    }

    /// Whenever the signal comes, the new file is complete or absent, and nothing else is left.
    @Test(arguments: [0.02, 0.1, 0.2, 0.4])
    func theCheckpointToolLeavesNothingUnfinished(delay: Double) throws {
        let directory = try TemporaryDirectory()
        try trained(directory, ["--set", "network=mlp:1500,1500", "--eval-every", "0"])
        let file = directory.checkpointURL("run", 200).path
        try FileManager.default.createDirectory(atPath: directory("out"), withIntermediateDirectories: true)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count - 100] ^= 1
        try bytes.write(to: directory.url.appendingPathComponent("damaged.h5"))
        for arguments in [
            ["strip", file, directory("out/new.h5"), "--replay"],
            ["repair", directory("damaged.h5"), directory("out/new.h5")],
        ] {
            let status = try interrupt("dqn-checkpoint", arguments, after: delay, with: SIGTERM)
            // The file may be complete before the signal, and the signal may precede the program's first instruction.
            #expect([0, 130, 65, 64, -1].contains(status), "\(arguments[0]): \(status)")
            // A killed child may need a moment to vanish.
            usleep(100_000)
            let left = try FileManager.default.contentsOfDirectory(atPath: directory("out"))
            #expect(left.isEmpty || left == ["new.h5"], "\(arguments[0]) after \(delay) s: \(left)")
            for name in left {
                let new = directory.url.appendingPathComponent("out/\(name)")
                _ = try Checkpoint(contentsOf: new)
                try FileManager.default.removeItem(at: new)
            }
        }
    }

    /// The reader of an isolated verification ends with the program that has started it.
    @Test func anIsolatedReaderEndsWithItsParent() throws {
        let directory = try TemporaryDirectory()
        try trained(directory, ["--set", "network=mlp:1500,1500", "--eval-every", "0"])
        // The name identifies the processes.
        let file = directory("a-file-to-verify.h5")
        try FileManager.default.copyItem(at: directory.checkpointURL("run", 200), to: URL(fileURLWithPath: file))
        for signal in [SIGTERM, SIGKILL] {
            let status = try interrupt(
                "dqn-checkpoint", ["verify", "--isolated", "--deep", file, file, file, file], after: 0.05, with: signal,
                when: { readers(of: file) > 1 })
            #expect([130, -1, 0].contains(status))
            var left = readers(of: file)
            for _ in 0..<500 where left > 0 {
                usleep(10_000)
                left = readers(of: file)
            }
            #expect(left == 0)
        }
    }

    private func readers(of file: String) -> Int {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.filter { Int($0) != nil }.filter {
            guard let line = FileManager.default.contents(atPath: "/proc/\($0)/cmdline") else { return false }
            return line.range(of: Data(file.utf8)) != nil
        }.count
    }

    /// Files that a program opens must not get the numbers of closed standard streams: what it prints would end in them.
    @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    func closedStandardStreamsDoNotEndInFiles(closing: String) throws {
        let directory = try TemporaryDirectory()
        func arguments(_ name: String) -> [String] {
            ["--env", "CartPole-v1", "--out", directory(name), "--steps", "600", "--set", "target_interval=60"] + tiny
        }
        #expect(try Program.run("dqn-train", arguments("whole")).status == 0)
        let result = try Program.run("dqn-train", arguments("closed"), shell: "exec \(closing)")
        #expect(result.status == 0, "\(result.errors)")
        #expect(directory.savedSteps("closed") == directory.savedSteps("whole"))
        for step in directory.savedSteps("whole") {
            #expect(try directory.checkpointData("closed", step) == directory.checkpointData("whole", step))
        }
        #expect(try directory.metricsWithoutClock("closed") == directory.metricsWithoutClock("whole"))
        let (whole, closed) = (try directory.contents("whole"), try directory.contents("closed"))
        #expect(whole.keys.sorted() == closed.keys.sorted())
        for name in ["config.json", "curve.svg", "lineage.jsonl"] { #expect(whole[name] == closed[name], "\(name)") }
        // The status depends on whether the program could print.
        for (name, program, more) in [
            ("trace", "dqn-play", [directory("whole"), "--episodes", "1", "--trace"]),
            ("policy", "dqn-checkpoint", ["strip", directory.checkpointURL("whole", 600).path, "--all-but-policy"]),
            ("film.png", "dqn-play", [directory("whole"), "--max-steps", "3", "-q", "--record"]),
        ] {
            _ = try Program.run(program, more + [directory(name)])
            _ = try Program.run(program, more + [directory("closed-\(name)")], shell: "exec \(closing)")
            let written = try Data(contentsOf: URL(fileURLWithPath: directory("closed-\(name)")))
            #expect(try written == Data(contentsOf: URL(fileURLWithPath: directory(name))), "\(name)")
        }
    }
}
