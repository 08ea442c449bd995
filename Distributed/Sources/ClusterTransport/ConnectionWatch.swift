internal import NIOCore
internal import Synchronization

/// Notices that the other side ends connections before it has said anything: it does not belong to the run.
///
/// A name that does not resolve or a port where nobody listens yet makes no connection and is not counted.
final class ConnectionWatch: Sendable {
    /// One may end by chance, such as when the other side is just ending.
    private static let tolerated = 2
    private let ended = Atomic<Int>(0)
    private let hasAnswer = Atomic<Bool>(false)

    /// The other side has said something.
    func answer() { hasAnswer.store(true, ordering: .relaxed) }

    /// Whether it has.
    var isAnswered: Bool { hasAnswer.load(ordering: .relaxed) }

    /// Whether it has only ended connections.
    var isRefused: Bool { !isAnswered && ended.load(ordering: .relaxed) >= Self.tolerated }

    /// Watches a connection that is about to be made.
    func watch(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.pipeline.addHandler(Handler(watch: self), position: .first)
    }

    private final class Handler: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let watch: ConnectionWatch

        init(watch: ConnectionWatch) { self.watch = watch }

        // Only a connection that has been made becomes inactive.
        func channelInactive(context: ChannelHandlerContext) {
            watch.ended.wrappingAdd(1, ordering: .relaxed)
            context.fireChannelInactive()
        }
    }
}
