@_spi(Distributed) import DQNDistributed
import Foundation
import Synchronization
import Testing

/// A directory with a shell script in place of `dqn-cluster`, which behaves as the tests say.
final class FakeCluster: Sendable {
    let folder: String
    /// What the launcher has reported.
    private let reported = Mutex<[String]>([])

    /// - Parameters:
    ///   - roles: shell commands by role; the chief's run once it has printed its address.
    init(chief: String, shard: String, worker: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("launch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try write(
            "dqn-cluster",
            """
            #!/bin/sh
            cd '\(folder)' || exit 99
            echo "$*" >>"arguments"
            case $1 in
            hold) shift 4 ;;
            esac
            role=$1
            echo $$ >>"$role.processes"
            case $role in
            chief) echo 'ready chief 127.0.0.1:4711'; \(chief) ;;
            shard) \(shard) ;;
            worker) \(worker) ;;
            esac
            """)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Writes an executable file.
    func write(_ name: String, _ text: String) throws {
        try (text + "\n").write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(name)")
    }

    func text(_ name: String) -> String { (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? "" }

    func touch(_ name: String) { _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil) }

    /// The processes of a role that have been started.
    func processes(_ role: String) -> [Int32] {
        text("\(role).processes").split(separator: "\n").compactMap { Int32($0) }
    }

    var lines: [String] { reported.withLock { $0 } }

    /// Starts everything on a thread of its own; the result is the exit code.
    func launch(_ change: (inout LaunchRequest) -> Void = { _ in }) throws -> Task<Int32, Never> {
        var request = LaunchRequest(program: "\(folder)/dqn-cluster")
        request.servers = 2
        request.workers = 3
        request.forwardsSignals = false
        change(&request)
        // Planned here, so that an error is the test's.
        _ = try LaunchPlan(request)
        let planned = request
        return Task {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    let report = { (line: String) in self.reported.withLock { $0.append(line) } }
                    let launch = try? ClusterLaunch(planned, announce: report, report: report)
                    continuation.resume(returning: launch?.run() ?? -1)
                }
            }
        }
    }

    /// Waits until a condition holds, at most for 20 seconds.
    func wait(until holds: () -> Bool) async throws {
        for _ in 0..<2_000 {
            if holds() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the condition does not hold after 20 s; \(lines)")
    }

    /// Whether nothing that was started still runs.
    var isDeserted: Bool {
        ["chief", "shard", "worker"].flatMap(processes).allSatisfy { kill($0, 0) != 0 && errno == ESRCH }
    }
}
