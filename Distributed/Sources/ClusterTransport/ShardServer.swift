@_spi(Distributed) package import DQNDistributed
internal import GRPCCore
internal import GRPCNIOTransportHTTP2

/// A shard's server: listens for the worker processes of its run.
package final class ShardServer: Sendable {
    private let server: GRPCServer<HTTP2ServerTransport.Posix>

    /// Creates a server, which ``run()`` starts.
    ///
    /// - Parameters:
    ///   - address: an IPv4 address of this host; port 0 takes a free one.
    ///   - makeSession: called once for each stream of a worker.
    package init(
        _ address: ClusterAddress, security: ClusterSecurity,
        makeSession: @escaping @Sendable () -> any ExchangeSession
    ) throws {
        server = GRPCServer(
            transport: .http2NIOPosix(
                address: .ipv4(host: address.host, port: address.port), transportSecurity: security.server,
                config: TransportSettings.server),
            services: [ExchangeService(makeSession: makeSession)])
    }

    /// Serves until ``stop()`` or until the task is cancelled.
    package func run() async throws { try await server.serve() }

    /// The port, once the server listens.
    package var port: Int {
        get async throws {
            let address = try await server.transport.listeningAddress
            return address.ipv4?.port ?? 0
        }
    }

    /// Ends the server once its streams have ended.
    package func stop() { server.beginGracefulShutdown() }
}
