import ClusterTransport
@_spi(Distributed) import DQNDistributed
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import Testing

/// Answers with the request's bytes, each one larger by 1.
private final class Counting: ExchangeSession {
    private var memory: [UInt8] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 20, alignment: 64)

    deinit { buffer.deallocate() }

    func answer(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        for (index, byte) in message.enumerated() { buffer[index] = byte &+ 1 }
        return UnsafeRawBufferPointer(rebasing: buffer[..<message.count])
    }
}

@Suite struct ExchangeTests {
    /// Serves sessions on a free port while `body` runs.
    private func serving(
        _ security: ClusterSecurity, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let server = ClusterServer.shard(.loopback, security: security) { Counting() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let port = try await server.port
            do { try await body(port) } catch {
                server.stop()
                throw error
            }
            server.stop()
            try await group.waitForAll()
        }
    }

    /// Exchanges messages of several lengths on a thread, as a worker does.
    private func exchange(
        with port: Int, _ security: ClusterSecurity, lengths: [Int], answerTime: Double = 20
    ) async throws {
        let connection = ShardConnection(
            to: "shard 0", ClusterAddress(host: "127.0.0.1", port: port), security: security, answerTime: answerTime)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await connection.run() }
            let results: Result<Void, any Error> = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        returning: Result {
                            for length in lengths {
                                let bytes = [UInt8](repeating: UInt8(length % 251), count: length)
                                try bytes.withUnsafeBytes { message in
                                    try connection.send(message)
                                    try connection.receive { answer in
                                        #expect(answer.count == length)
                                        #expect(answer.allSatisfy { $0 == UInt8(length % 251) + 1 })
                                    }
                                }
                            }
                        })
                }
            }
            connection.close()
            try? await group.waitForAll()
            try results.get()
        }
    }

    @Test(.timeLimit(.minutes(1))) func answersComeBackInOrder() async throws {
        try await serving(.plaintext) { port in
            try await exchange(with: port, .plaintext, lengths: [1, 96, 100_000, 2_700_000, 7])
        }
    }

    @Test(.timeLimit(.minutes(1))) func onlyProcessesOfTheRunTakePart() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cluster-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (own, foreign) = ("\(folder)/own", "\(folder)/foreign")
        for directory in [own, foreign] { try ClusterCertificates.create(in: directory) }
        #expect(throws: ClusterCertificates.Failure.self) { try ClusterCertificates.create(in: own) }
        let mode = try FileManager.default.attributesOfItem(atPath: "\(own)/node.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try await serving(.certificates(directory: own)) { port in
            try await exchange(with: port, .certificates(directory: own), lengths: [96, 300_000])
            for security in [ClusterSecurity.plaintext, .certificates(directory: foreign)] {
                await #expect(throws: ConnectionLoss.self) {
                    try await exchange(with: port, security, lengths: [96], answerTime: 3)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func aServerThatEndsIsNoticed() async throws {
        let server = ClusterServer.shard(.loopback, security: .plaintext) { Counting() }
        let serving = Task { try await server.run() }
        let port = try await server.port
        let connection = ShardConnection(
            to: "shard 0", ClusterAddress(host: "127.0.0.1", port: port), security: .plaintext)
        let running = Task { try await connection.run() }
        try await Task.sleep(for: .milliseconds(300))
        serving.cancel()
        await #expect(throws: ConnectionLoss.self) { try await running.value }
        #expect(throws: ConnectionLoss.self) { try connection.send(UnsafeRawBufferPointer(start: nil, count: 0)) }
    }
}
