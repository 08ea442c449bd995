@_spi(Distributed) import DQNDistributed
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClusterHoldTests {
    private static let connection = "10.0.0.1 50000 10.0.0.2 22"

    /// Runs a shell script behind the hold, on a thread of its own.
    private func hold(
        _ script: String, arguments: [String] = [], connection: String? = Self.connection, input: Pipe
    ) -> Task<(code: Int32, lines: [String]), Never> {
        Task {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    var lines: [String] = []
                    // The pipe closes with its last reference.
                    let code = withExtendedLifetime(input) {
                        ClusterHold.run(
                            program: "/bin/sh", name: "worker process 0", arguments: ["-c", script, "sh"] + arguments,
                            input: input.fileHandleForReading.fileDescriptor, connection: connection
                        ) { lines.append($0) }
                    }
                    continuation.resume(returning: (code, lines))
                }
            }
        }
    }

    private func send(_ files: [String: String], to pipe: Pipe) throws {
        try pipe.fileHandleForWriting.write(contentsOf: HeldFiles(files: files).line)
    }

    private func scratch() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("hold-\(UUID().uuidString)").path
    }

    private func wait(for path: String) async throws -> String {
        for _ in 0..<2_000 {
            if let text = try? String(contentsOfFile: path, encoding: .utf8), text.hasSuffix("\n") { return text }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("there is no '\(path)' after 20 s")
        return ""
    }

    @Test func theProcessGetsItsAddressesAndCertificates() async throws {
        let (pipe, out) = (Pipe(), scratch())
        defer { try? FileManager.default.removeItem(atPath: out) }
        try send(["ca.pem": "authority", "node.key": "key"], to: pipe)
        let script = """
            d=$DQN_CLUSTER_CERTIFICATES
            { echo "$@"; cat $d/ca.pem $d/node.key; echo; stat -c %a $d $d/node.key; echo $d; } >'\(out)'; exit 7
            """
        let result = await hold(script, arguments: ["--chief", "{chief}:4711", "{host}"], input: pipe).value
        #expect(result.code == 7 && result.lines.isEmpty)
        let lines = try await wait(for: out).split(separator: "\n").map(String.init)
        #expect(lines.prefix(4) == ["--chief 10.0.0.1:4711 10.0.0.2", "authoritykey", "700", "600"])
        #expect(lines.count == 5 && !FileManager.default.fileExists(atPath: lines[4]))
    }

    /// Also a stopped process, which cannot end by itself.
    @Test(arguments: [false, true]) func theProcessEndsWithTheConnection(isStopped: Bool) async throws {
        let (pipe, out) = (Pipe(), scratch())
        defer { try? FileManager.default.removeItem(atPath: out) }
        try send(["ca.pem": "authority"], to: pipe)
        let script = "echo $$ $DQN_CLUSTER_CERTIFICATES >'\(out)'; trap '' TERM; while :; do sleep 0.1; done"
        let run = hold(script, input: pipe)
        let words = try await wait(for: out).split(whereSeparator: \.isWhitespace)
        let process = try #require(Int32(words[0]))
        if isStopped { kill(process, SIGSTOP) }
        try pipe.fileHandleForWriting.close()
        #expect(await run.value.code == 1)
        #expect(kill(process, 0) == -1 && errno == ESRCH)
        #expect(!FileManager.default.fileExists(atPath: String(words[1])))
    }

    @Test func aKilledProcessIsNamed() async throws {
        let pipe = Pipe()
        try send([:], to: pipe)
        let result = await hold("kill -9 $$", input: pipe).value
        #expect(result.code == 137)
        #expect(result.lines.count == 1 && result.lines[0].contains("was killed by signal 9"))
    }

    @Test func whatIsMissingIsNamed() async throws {
        let pipe = Pipe()
        try send([:], to: pipe)
        let unknown = await hold(":", arguments: ["{chief}"], connection: nil, input: pipe).value
        #expect(unknown.code == 64 && unknown.lines.first?.contains("SSH_CONNECTION has no IPv4") == true)
        let sixth = await hold(":", arguments: ["{host}"], connection: "::1 1 ::1 22", input: pipe).value
        #expect(sixth.code == 64)
        let (strange, closed) = (Pipe(), Pipe())
        try strange.fileHandleForWriting.write(contentsOf: Data("hello\n".utf8))
        #expect(await hold(":", input: strange).value.code == 64)
        try closed.fileHandleForWriting.close()
        let ended = await hold(":", input: closed).value
        #expect(ended.code == 1 && ended.lines.first?.contains("connection to the launcher has ended") == true)
    }
}
