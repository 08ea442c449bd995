internal import GRPCCore
internal import GRPCNIOTransportHTTP2
internal import NIOCore

/// What both sides of a connection set alike.
enum TransportSettings {
    /// The defaults of gRPC, 16 KiB and 64 KiB, cost most of the throughput.
    static let frameSize = 1 << 20
    static let windowSize = 16 << 20
    /// The largest message: a shard's whole state.
    static let messageSize = 1 << 30
    /// A dead or stopped peer is noticed after both together.
    static let keepaliveTime = Duration.seconds(2)
    static let keepaliveTimeout = Duration.seconds(2)

    /// Lets the kernel end a connection whose peer acknowledges nothing for four seconds (TCP_USER_TIMEOUT): its link or
    /// its host is lost. A stopped peer's kernel still acknowledges; keepalive and the signs of life notice that.
    private static let endWithoutAcknowledgement: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
        #if os(Linux)
            channel.setOption(ChannelOptions.tcpOption(.init(rawValue: 18)), value: 4_000)
        #else
            channel.eventLoop.makeSucceededVoidFuture()
        #endif
    }

    /// For a server that listens for processes of its run.
    static var server: HTTP2ServerTransport.Posix.Config {
        .defaults { config in
            config.http2.maxFrameSize = frameSize
            config.http2.targetWindowSize = windowSize
            config.rpc.maxRequestPayloadSize = messageSize
            config.connection.keepalive.time = keepaliveTime
            config.connection.keepalive.timeout = keepaliveTimeout
            config.connection.keepalive.clientBehavior = .init(
                minPingIntervalWithoutCalls: .seconds(1), allowWithoutCalls: true)
            // The server's own keepalive does not close a dead connection.
            config.channelDebuggingCallbacks.onAcceptTCPConnection = endWithoutAcknowledgement
        }
    }

    /// For a client.
    ///
    /// - Parameter watch: notices connections that the other side ends.
    static func client(_ watch: ConnectionWatch? = nil) -> HTTP2ClientTransport.Posix.Config {
        .defaults { config in
            // Whoever is awaited may start late; the default lets attempts become minutes apart.
            config.backoff = .init(initial: .milliseconds(200), max: .seconds(1), multiplier: 1.6, jitter: 0.2)
            config.http2.maxFrameSize = frameSize
            config.http2.targetWindowSize = windowSize
            config.connection.keepalive = .init(
                time: keepaliveTime, timeout: keepaliveTimeout, allowWithoutCalls: true)
            // Keepalive notices a dead connection as soon, but then TLS waits for the peer's farewell: nine seconds in all.
            config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
                endWithoutAcknowledgement(channel).flatMap {
                    watch?.watch(channel) ?? channel.eventLoop.makeSucceededVoidFuture()
                }
            }
        }
    }

    /// For a call: it waits until the server listens.
    static var call: CallOptions {
        var options = CallOptions.defaults
        options.waitForReady = true
        options.maxRequestMessageBytes = messageSize
        options.maxResponseMessageBytes = messageSize
        return options
    }
}
