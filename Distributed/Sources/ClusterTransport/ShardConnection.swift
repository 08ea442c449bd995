@_spi(Distributed) internal import DQNDistributed
internal import Foundation
internal import GRPCCore
internal import GRPCNIOTransportHTTP2

/// A worker process's connection to one shard.
///
/// ``run()`` keeps the stream open on the cooperative pool; a worker's own thread sends and receives through it.
/// `@unchecked Sendable`: nothing of it changes, except behind the box's condition.
package final class ShardConnection: ShardLink, @unchecked Sendable {
    private let name: String
    private let address: ClusterAddress
    private let security: ClusterSecurity
    private let answerTime: Double
    private let box = AnswerBox()

    /// Creates a connection, which ``run()`` opens.
    ///
    /// - Parameters:
    ///   - name: of the shard, in messages, such as "shard 1".
    ///   - answerTime: seconds within which the shard must answer. A stopped shard is noticed earlier, by keepalive.
    package init(
        to name: String, _ address: ClusterAddress, security: ClusterSecurity, answerTime: Double = 60
    ) {
        self.name = name
        self.address = address
        self.security = security
        self.answerTime = answerTime
    }

    /// Connects, and serves requests until ``close()``, or until the connection is lost.
    ///
    /// - Throws: ``ConnectionLoss`` with the shard's name and the reason, which requests get too.
    package func run() async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.connect() }
                group.addTask {
                    for await _ in self.box.end {}
                    // The stream ends by itself, unless it never began.
                    try await Task.sleep(for: .milliseconds(500))
                }
                try await group.next()
                group.cancelAll()
            }
        } catch {
            let loss = error as? ConnectionLoss ?? self.loss("\(error)")
            box.fail(loss)
            throw loss
        }
        box.fail(loss("the connection is closed"))
    }

    private func connect() async throws {
        try await withGRPCClient(
            transport: .http2NIOPosix(
                target: address.target, transportSecurity: security.client, config: TransportSettings.client())
        ) { client in try await self.exchange(over: client) }
    }

    private func exchange(over client: GRPCClient<HTTP2ClientTransport.Posix>) async throws {
        let box = box
        try await client.bidirectionalStreaming(
            request: StreamingClientRequest(of: OutgoingMessage.self) { writer in
                for await message in box.requests { try await writer.write(message) }
            },
            descriptor: .exchange, serializer: ExchangeSerializer(), deserializer: ExchangeDeserializer(),
            options: TransportSettings.call
        ) { response in
            for try await message in response.messages where !box.deliver(message) {
                throw self.loss("it sent a message that answers nothing")
            }
        }
    }

    /// Ends the connection; ``run()`` returns.
    package func close() { box.fail(loss("the connection is closed")) }

    private func loss(_ reason: String) -> ConnectionLoss {
        ConnectionLoss(description: "\(name) at \(address) is lost: \(reason)")
    }

    /// Sends a copy of a request.
    package func send(_ message: UnsafeRawBufferPointer) throws { try box.request(message) }

    /// Waits for the answer, at most for the time that a shard may take.
    package func receive(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let message = try box.wait(seconds: answerTime) else {
            let loss = loss("it has not answered for \(Int(answerTime)) s")
            box.fail(loss)
            throw loss
        }
        try message.withBytes(body)
    }
}

extension ShardConnection {
    /// Opens a connection in the background.
    ///
    /// - Parameter address: as `HOST:PORT`.
    /// - Throws: ``ConnectionLoss`` if it is not one.
    package static func open(_ name: String, _ address: String, security: ClusterSecurity) throws -> ShardConnection {
        guard let place = ClusterAddress(address), place.port > 0 else {
            throw ConnectionLoss(description: "\(name) cannot be reached: '\(address)' is not HOST:PORT")
        }
        let connection = ShardConnection(to: name, place, security: security)
        // Whoever exchanges something gets its error.
        Task { try? await connection.run() }
        return connection
    }
}
