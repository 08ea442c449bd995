internal import NIOCore
internal import Synchronization

/// Notices that the other side takes connections, sends something and ends them without an answer: it does not belong to
/// the run.
///
/// A port where nobody listens yet makes no connection. A connection that ends without a byte counts as little: something
/// in between, such as a tunnel or a proxy, may have taken it while the other side does not listen yet.
final class ConnectionWatch: Sendable {
    /// One may end by chance, such as when the other side is just ending.
    private static let tolerated = 2
    private let refusals = Atomic<Int>(0)
    private let hasAnswer = Atomic<Bool>(false)

    /// Notes that the other side has answered.
    func answer() { hasAnswer.store(true, ordering: .relaxed) }

    /// Whether the other side has answered.
    var isAnswered: Bool { hasAnswer.load(ordering: .relaxed) }

    /// Whether the other side has only ended connections.
    var isRefused: Bool { !isAnswered && refusals.load(ordering: .relaxed) >= Self.tolerated }

    /// Watches a connection that is about to be made.
    func watch(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.pipeline.addHandler(Handler(watch: self), position: .first)
    }

    /// `@unchecked Sendable`: used on the connection's event loop alone.
    private final class Handler: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        private let watch: ConnectionWatch
        private var hasReceived = false

        init(watch: ConnectionWatch) { self.watch = watch }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            hasReceived = true
            context.fireChannelRead(data)
        }

        func channelInactive(context: ChannelHandlerContext) {
            if hasReceived { watch.refusals.wrappingAdd(1, ordering: .relaxed) }
            context.fireChannelInactive()
        }
    }
}
