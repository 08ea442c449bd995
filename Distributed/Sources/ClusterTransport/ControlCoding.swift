@_spi(Distributed) internal import DQNDistributed
internal import GRPCCore

/// Copies a message of a control stream into the transport's memory.
struct ControlSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) -> Bytes { Bytes(message) }
}

extension MethodDescriptor {
    /// The stream of `docs/distributed.md` between the chief and every other process.
    static var control: Self { Self(fullyQualifiedService: "dqn.v1.Chief", method: "Control") }
}

/// What a process sends on a control stream, until the stream takes it.
final class StreamChannel: ControlChannel {
    /// Messages, in order; ends with the stream.
    let outgoing: AsyncStream<[UInt8]>
    private let submit: AsyncStream<[UInt8]>.Continuation

    init() { (outgoing, submit) = AsyncStream.makeStream() }

    func send(_ message: [UInt8]) { submit.yield(message) }

    func close() { submit.finish() }
}
