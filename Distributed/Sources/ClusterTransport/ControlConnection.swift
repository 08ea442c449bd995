@_spi(Distributed) package import DQNDistributed
internal import GRPCCore
internal import GRPCNIOTransportHTTP2

/// A process's control stream to the chief.
package final class ControlConnection: Sendable {
    private let address: ClusterAddress
    private let security: ClusterSecurity
    private let startTime: Double
    private let stream = StreamChannel()
    private let watch = ConnectionWatch()

    /// Creates a connection, which ``run(_:)`` opens.
    ///
    /// - Parameter startTime: seconds within which the chief must answer.
    package init(to address: ClusterAddress, security: ClusterSecurity, startTime: Double) {
        self.address = address
        self.security = security
        self.startTime = startTime
    }

    /// Where a role sends.
    package var channel: any ControlChannel { stream }

    /// Connects and delivers what the chief sends until the stream ends, which the receiver is told.
    package func run(_ receiver: any ControlReceiver) async {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.connect(receiver) }
                group.addTask {
                    try await self.awaitAnswer()
                    // The stream ends by itself.
                    try await Task.sleep(for: .seconds(1 << 30))
                }
                try await group.next()
                group.cancelAll()
            }
            receiver.lose("has closed the connection to \(address)")
        } catch let loss as ConnectionLoss {
            receiver.lose(loss.description)
        } catch {
            receiver.lose("cannot be reached at \(address) (\(error))")
        }
    }

    /// Waits until the chief has answered.
    ///
    /// - Throws: ``ConnectionLoss`` if it does not in time, or ends all connections instead.
    private func awaitAnswer() async throws {
        let deadline = ContinuousClock.now + .seconds(startTime)
        while !watch.isAnswered {
            guard !watch.isRefused else {
                throw ConnectionLoss(
                    description: "ends every connection to \(address) without an answer: it has other certificates, "
                        + "only one side has --plaintext, or another program listens there")
            }
            guard ContinuousClock.now < deadline else {
                throw ConnectionLoss(
                    description: "has not answered at \(address) for \(Int(startTime)) s: no chief listens there, "
                        + "or this host cannot reach it")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func connect(_ receiver: any ControlReceiver) async throws {
        try await withGRPCClient(
            transport: .http2NIOPosix(
                target: address.target, transportSecurity: security.client, config: TransportSettings.client(watch))
        ) { client in
            let outgoing = self.stream.outgoing
            try await client.bidirectionalStreaming(
                request: StreamingClientRequest(of: [UInt8].self) { writer in
                    for await message in outgoing { try await writer.write(message) }
                },
                descriptor: .control, serializer: ControlSerializer(), deserializer: ExchangeDeserializer(),
                options: TransportSettings.call
            ) { response in
                for try await message in response.messages {
                    self.watch.answer()
                    message.withBytes { receiver.receive($0) }
                }
            }
        }
    }
}
