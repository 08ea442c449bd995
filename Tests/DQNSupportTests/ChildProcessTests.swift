import DQNSupport
import Foundation
import Testing

@Suite struct ChildProcessTests {
    /// Runs a shell script and returns how it ended and what it printed.
    private func shell(
        _ script: String, environment: [String: String]? = nil
    ) throws -> (ending: ChildProcess.Ending, output: String) {
        let pipe = try ChildProcess.outputPipe()
        defer { close(pipe.own) }
        let process = try ChildProcess(
            "sh", arguments: ["-c", script], environment: environment, descriptors: [nil, pipe.child, pipe.child])
        close(pipe.child)
        var tail = OutputTail(limit: 4096)
        while !tail.isEnded {
            #expect(ChildProcess.wait(for: pipe.own, milliseconds: 10_000) == .first)
            tail.drain(pipe.own)
        }
        return (process.end(within: 10), tail.lines.joined(separator: "\n"))
    }

    @Test func reportsHowAProcessEnds() throws {
        #expect(try shell("exit 7").ending == .exited(code: 7))
        let killed = try shell("kill -TERM $$").ending
        #expect(killed == .killed(signal: SIGTERM))
        #expect("\(killed)" == "was killed by signal 15 (Terminated)")
        #expect("\(ChildProcess.Ending.exited(code: 7))" == "ended with exit code 7")
    }

    @Test func givesTheChildItsEnvironment() throws {
        let variables = ["PATH": "/usr/bin:/bin", "GREETING": "hello there"]
        #expect(try shell("echo $GREETING", environment: variables).output == "hello there")
    }

    @Test func throwsTheSystemsErrorForAMissingProgram() {
        let error = #expect(throws: SystemError.self) {
            try ChildProcess("/nowhere/program", arguments: [], descriptors: [nil, nil, nil])
        }
        #expect(error == SystemError(ENOENT))
        #expect("\(SystemError(ENOENT))" == "No such file or directory")
    }

    #if os(Linux)
        /// Also one that does not close on exec, and one whose number the child needs for another.
        @Test func closesAllOtherDescriptors() throws {
            let inherited = open("/dev/null", O_RDONLY)
            defer { close(inherited) }
            // `ls` itself opens the folder.
            #expect(try shell("exec ls /proc/self/fd").output == "0\n1\n2\n3")
        }
    #endif

    @Test func resetsSignals() throws {
        // Ignored signals are inherited; a shell cannot reset them.
        let previous = signal(SIGUSR1, SIG_IGN)
        defer { signal(SIGUSR1, previous) }
        #expect(try shell("kill -USR1 $$; echo alive").ending == .killed(signal: SIGUSR1))
    }

    @Test func killsTheGroupAtTheDeadline() throws {
        let pipe = try ChildProcess.outputPipe()
        defer { close(pipe.own) }
        let process = try ChildProcess(
            "sh", arguments: ["-c", "sleep 100 & sleep 100"], descriptors: [nil, pipe.child, nil])
        close(pipe.child)
        #expect(process.waitForEnding(seconds: 0.05) == nil)
        #expect(process.end(within: 0) == .killed(signal: SIGKILL))
        // The end of file comes when the second sleep, too, has ended.
        #expect(ChildProcess.wait(for: pipe.own, milliseconds: 10_000) == .first)
        #expect(kill(process.identifier, 0) != 0)
    }

    @Test func killsWhatAnEndedProcessLeaves() throws {
        let (ending, output) = try shell("sleep 100 >/dev/null 2>&1 & echo $!")
        #expect(ending == .exited(code: 0))
        let left = try #require(Int32(output))
        var isAlive = true
        for _ in 0..<500 where isAlive {
            isAlive = kill(left, 0) == 0 && !isZombie(left)
            if isAlive { usleep(10_000) }
        }
        #expect(!isAlive)
    }

    private func isZombie(_ process: Int32) -> Bool {
        (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8))?.contains(") Z ") ?? false
    }

    @Test func sendingToAnEndedProcessIsAnError() throws {
        let sockets = try ChildProcess.sockets()
        defer { close(sockets.own) }
        let process = try ChildProcess("true", arguments: [], descriptors: [sockets.child, nil, nil])
        close(sockets.child)
        #expect(process.waitForEnding(seconds: 10) == .exited(code: 0))
        let bytes: [UInt8] = [1, 2, 3]
        var limit = ChildProcess.TimeLimit(seconds: 5)
        #expect(bytes.withUnsafeBytes { process.send($0, to: sockets.own, within: &limit) } == EPIPE)
    }

    @Test func sharesMemory() throws {
        let memory = try SharedMemory()
        try memory.map(byteCount: 4096)
        let process = try ChildProcess(
            "sh", arguments: ["-c", "printf hello >&3"], descriptors: [nil, nil, nil, memory.descriptor])
        #expect(process.waitForEnding(seconds: 10) == .exited(code: 0))
        memory.close()
        let bytes = try #require(memory.bytes)
        #expect(bytes.prefix(5).elementsEqual("hello".utf8))
    }

    @Test func keepsTheLastOfMuchOutput() throws {
        let pipe = try ChildProcess.outputPipe()
        defer { close(pipe.own) }
        let process = try ChildProcess("seq", arguments: ["100000"], descriptors: [nil, pipe.child, nil])
        close(pipe.child)
        var tail = OutputTail(limit: 100)
        while !tail.isEnded {
            _ = ChildProcess.wait(for: pipe.own, milliseconds: 10_000)
            tail.drain(pipe.own)
        }
        #expect(process.end(within: 10) == .exited(code: 0))
        #expect(tail.lines.last == "100000")
        #expect(tail.lines.count < 100)
    }

    @Test func readsANamelessFileAfterTheEnd() throws {
        let file = try ChildProcess.namelessFile()
        defer { close(file) }
        let process = try ChildProcess("sh", arguments: ["-c", "echo sad >&2"], descriptors: [nil, nil, file])
        #expect(process.waitForEnding(seconds: 10) == .exited(code: 0))
        #expect(lseek(file, 0, SEEK_SET) == 0)
        var tail = OutputTail(limit: 100)
        tail.drain(file)
        #expect(tail.lines == ["sad"])
    }
}
