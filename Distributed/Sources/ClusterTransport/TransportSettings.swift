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
            #if os(Linux)
                // The server's own keepalive does not close a dead connection: the kernel does, through
                // TCP_USER_TIMEOUT (18), after so many milliseconds in which the peer acknowledges nothing.
                config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
                    channel.setOption(ChannelOptions.tcpOption(.init(rawValue: 18)), value: 4_000)
                }
            #endif
        }
    }

    /// For a client.
    static var client: HTTP2ClientTransport.Posix.Config {
        .defaults { config in
            config.http2.maxFrameSize = frameSize
            config.http2.targetWindowSize = windowSize
            config.connection.keepalive = .init(
                time: keepaliveTime, timeout: keepaliveTimeout, allowWithoutCalls: true)
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
