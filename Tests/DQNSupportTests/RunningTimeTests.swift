import DQNSupport
import Foundation
import Testing

/// Time limits count only time in which everybody who is waited for could run.
@Suite struct RunningTimeTests {
    @Test("A gap between two readings counts only in part: the process was stopped, or the machine slept")
    func gaps() {
        var time = RunningTime(longestGap: 0.05)
        usleep(300_000)
        let first = time.read()
        #expect(first == 0.05)
        usleep(10_000)
        time.read()
        #expect(time.seconds > 0.055 && time.seconds <= 0.1)
        usleep(20_000)
        time.skip()
        let last = time.read()
        #expect(last < 0.02)
        #expect(time.wait(within: 100) == RunningTime.slice)
        #expect(time.wait(within: 0) == 0)
    }

    /// A process that one thread after the other uses.
    private struct Shared: @unchecked Sendable {
        let process: ChildProcess
    }

    /// Continues a process after a second, from another thread.
    private func resumeLater(_ process: ChildProcess) {
        let identifier = process.identifier
        _ = JobThread(name: "resume") {
            usleep(1_000_000)
            kill(-identifier, SIGCONT)
        }
    }

    private func shell(_ script: String, input: Int32? = nil) throws -> ChildProcess {
        let process = try ChildProcess("sh", arguments: ["-c", script], descriptors: [input, nil, nil])
        return process
    }

    @Test("A stopped child does not miss the limit of its end")
    func ending() throws {
        let process = try shell("kill -STOP $$; exit 5")
        resumeLater(process)
        #expect(process.waitForEnding(seconds: 0.4) == .exited(code: 5))
    }

    @Test("A stopped child does not miss the limit for reading what is sent to it")
    func sending() throws {
        let sockets = try ChildProcess.sockets()
        defer { close(sockets.own) }
        let process = try shell("kill -STOP $$; cat >/dev/null", input: sockets.child)
        close(sockets.child)
        resumeLater(process)
        let bytes = [UInt8](repeating: 7, count: 4 << 20)
        var limit = ChildProcess.TimeLimit(seconds: 0.4)
        #expect(bytes.withUnsafeBytes { process.send($0, to: sockets.own, within: &limit) } == 0)
    }

    @Test("A child that could run misses its limits")
    func limits() throws {
        let sockets = try ChildProcess.sockets()
        defer { close(sockets.own) }
        let process = try shell("exec sleep 100", input: sockets.child)
        close(sockets.child)
        var limit = ChildProcess.TimeLimit(seconds: 0.3)
        let bytes = [UInt8](repeating: 7, count: 4 << 20)
        #expect(bytes.withUnsafeBytes { process.send($0, to: sockets.own, within: &limit) } == EAGAIN)
        #expect(process.waitForEnding(within: &limit) == nil)
        #expect(process.end(within: 0.1) == .killed(signal: SIGKILL))
    }

    @Test("A thread that waits for a stopped child is not stuck, and continues the child when it is asked to stop")
    func heartbeat() throws {
        let process = try shell("kill -STOP $$; exit 5")
        let (heartbeat, shared) = (Heartbeat(), Shared(process: process))
        // A thread that a thread starts has its heartbeat.
        let thread = JobThread(name: "outer", heartbeat: heartbeat) {
            JobThread(name: "inner") {
                var limit = ChildProcess.TimeLimit(seconds: 30)
                var end: ChildProcess.Ending?
                while end == nil, !limit.isOver(waitingFor: shared.process) {
                    usleep(20_000)
                    end = shared.process.checkEnding()
                }
            }.join()
        }
        for _ in 0..<500 where heartbeat.beats < 3 { usleep(10_000) }
        #expect(heartbeat.beats >= 3)
        heartbeat.askToStop()
        thread.join()
        #expect(process.ending == .exited(code: 5))
        #expect(Heartbeat.current == nil)
    }

    @Test("A stopped child that must end is continued, so that it ends in order")
    func orderlyEnd() throws {
        let process = try shell("kill -STOP $$; exit 4")
        for _ in 0..<500 where !process.isStopped { usleep(10_000) }
        #expect(process.isStopped)
        #expect(process.end(within: 30) == .exited(code: 4))
    }
}

/// Nobody polls for long without success, nor without a processor to spare.
@Suite struct PollingTests {
    /// Returns how many of a number of waits poll.
    private func polls(_ polling: inout AnswerPolling, of waits: Int, hasRoom: Bool = true) -> Int {
        (0..<waits).count { _ in polling.isWorthwhile(hasRoom: hasRoom) }
    }

    @Test func pausesAfterMisses() {
        var polling = AnswerPolling()
        var counts = [polls(&polling, of: 5)]
        for _ in 0..<3 { polling.record(-1) }
        counts.append(polls(&polling, of: 100))
        counts.append(polls(&polling, of: 1))
        polling.record(-1)
        counts.append(polls(&polling, of: 1))
        #expect(counts == [5, 0, 1, 0])
    }

    @Test func continuesWhileItPays() {
        var polling = AnswerPolling()
        for outcome: Int32 in [-1, -1, 1, -1, -1, 0, 1] { polling.record(outcome) }
        let counts = [polls(&polling, of: 10), polls(&polling, of: 10, hasRoom: false)]
        #expect(counts == [10, 0])
    }

    @Test("A wait reports what it has waited for")
    func outcome() throws {
        let pipe = try ChildProcess.outputPipe()
        defer { close(pipe.own) }
        var polling = AnswerPolling()
        var results: [ChildProcess.Readiness] = []
        for _ in 0..<3 { results.append(ChildProcess.wait(for: pipe.own, milliseconds: 1, polling: &polling)) }
        close(pipe.child)
        results.append(ChildProcess.wait(for: pipe.own, milliseconds: 1000, polling: &polling))
        #expect(results == [.timeout, .timeout, .timeout, .first])
    }
}

/// The processors of an affinity mask, and of CPU quotas of both versions of control groups, nested.
@Suite struct ProcessorsTests {
    private let mounts = """
        30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
        31 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
        32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
        """

    private func count(_ groups: String, _ files: [String: String], affinity: Int = 8) throws -> Int {
        let root = FileManager.default.temporaryDirectory.appending(path: "dqn-groups-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let own = ["proc/self/cgroup": groups, "proc/self/mountinfo": mounts]
        let limits = files.map { ("sys/fs/cgroup/\($0.key)", $0.value) }
        for (path, text) in Array(own) + limits {
            let url = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("\(text)\n".utf8).write(to: url)
        }
        return Processors.count(inAffinityMask: affinity, root: root.path)
    }

    @Test func withoutQuota() throws {
        #expect(try count("", [:]) == 8)
        #expect(try count("0::/job\n", ["job/cpu.max": "max 100000"]) == 8)
        #expect(try count("4:cpu,cpuacct:/\n", ["cpu,cpuacct/cpu.cfs_quota_us": "-1"]) == 8)
    }

    @Test func secondVersion() throws {
        #expect(try count("0::/job/step\n", ["job/step/cpu.max": "250000 100000"]) == 2)
        // A group above has less.
        #expect(try count("0::/a/b\n", ["a/b/cpu.max": "400000 100000", "a/cpu.max": "300000 100000"]) == 3)
        #expect(try count("0::/a\n", ["unified/a/cpu.max": "50000 100000"]) == 1)
        // In a container the path is that of the host, and the mount is the container's own group.
        #expect(try count("0::/docker/1234\n", ["cpu.max": "200000 100000"]) == 2)
    }

    @Test func firstVersion() throws {
        let files = ["cpu,cpuacct/job/cpu.cfs_quota_us": "600000", "cpu,cpuacct/job/cpu.cfs_period_us": "100000"]
        #expect(try count("9:memory:/job\n4:cpu,cpuacct:/job\n", files) == 6)
        #expect(try count("9:memory:/job\n", files) == 8)
        #expect(try count("4:cpu,cpuacct:/job\n", files, affinity: 4) == 4)
    }
}
