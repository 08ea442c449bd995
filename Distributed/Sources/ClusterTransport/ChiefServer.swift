@_spi(Distributed) package import DQNDistributed
package import GRPCCore
internal import GRPCNIOTransportHTTP2

/// The chief's server: takes the control streams of all other processes.
package final class ChiefServer: Sendable {
    private let server: GRPCServer<HTTP2ServerTransport.Posix>

    /// Creates a server, which ``run()`` starts.
    ///
    /// - Parameters:
    ///   - address: an IPv4 address of this host; port 0 takes a free one.
    ///   - open: called once for each stream.
    package init(
        _ address: ClusterAddress, security: ClusterSecurity,
        open: @escaping @Sendable (any ControlChannel) -> any ControlReceiver
    ) throws {
        server = GRPCServer(
            transport: .http2NIOPosix(
                address: .ipv4(host: address.host, port: address.port), transportSecurity: security.server,
                config: TransportSettings.server),
            services: [ControlService(open: open)])
    }

    /// Serves until ``stop()`` or until the task is cancelled.
    package func run() async throws { try await server.serve() }

    /// The port, once the server listens.
    package var port: Int {
        get async throws { try await server.transport.listeningAddress.ipv4?.port ?? 0 }
    }

    /// Ends the server once its streams have ended.
    package func stop() { server.beginGracefulShutdown() }
}

/// Answers control streams.
package struct ControlService: RegistrableRPCService {
    private let open: @Sendable (any ControlChannel) -> any ControlReceiver

    init(open: @escaping @Sendable (any ControlChannel) -> any ControlReceiver) { self.open = open }

    /// Registers the method `Control`.
    package func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        let open = open
        router.registerHandler(
            forMethod: .control, deserializer: ExchangeDeserializer(), serializer: ControlSerializer()
        ) { request, _ in
            StreamingServerResponse(metadata: [:]) { writer in
                let channel = StreamChannel()
                let receiver = open(channel)
                do {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            for try await message in request.messages { message.withBytes { receiver.receive($0) } }
                        }
                        group.addTask {
                            for await message in channel.outgoing { try await writer.write(message) }
                        }
                        // Either side may end the stream.
                        try await group.next()
                        group.cancelAll()
                    }
                    receiver.lose("has closed its connection")
                } catch {
                    receiver.lose("cannot be reached any more (\(error))")
                }
                channel.close()
                return [:]
            }
        }
    }
}
