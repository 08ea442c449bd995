@_spi(Distributed) package import DQNDistributed
internal import GRPCCore
internal import GRPCNIOTransportHTTP2

/// A server to which processes of a run connect.
package final class ClusterServer: Sendable {
    private let server: GRPCServer<HTTP2ServerTransport.Posix>

    private init(_ address: ClusterAddress, _ security: ClusterSecurity, _ service: any RegistrableRPCService) {
        server = GRPCServer(
            transport: .http2NIOPosix(
                address: .ipv4(host: address.host, port: address.port), transportSecurity: security.server,
                config: TransportSettings.server),
            services: [service])
    }

    /// Creates the chief's server, which ``run()`` starts. It takes the control streams of all other processes.
    ///
    /// - Parameters:
    ///   - address: an IPv4 address of this host; port 0 takes a free one.
    ///   - open: called once for each stream.
    package static func chief(
        _ address: ClusterAddress, security: ClusterSecurity,
        open: @escaping @Sendable (any ControlChannel) -> any ControlReceiver
    ) -> ClusterServer {
        ClusterServer(address, security, ControlService(open: open))
    }

    /// Creates a shard's server, which ``run()`` starts. It takes the exchange streams of worker processes.
    ///
    /// - Parameters:
    ///   - address: an IPv4 address of this host; port 0 takes a free one.
    ///   - makeSession: called once for each stream of a worker.
    package static func shard(
        _ address: ClusterAddress, security: ClusterSecurity,
        makeSession: @escaping @Sendable () -> any ExchangeSession
    ) -> ClusterServer {
        ClusterServer(address, security, ExchangeService(makeSession: makeSession))
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
