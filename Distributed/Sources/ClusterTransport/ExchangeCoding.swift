internal import GRPCCore

/// A message to be sent, in memory that its owner keeps unchanged until the other side has answered.
///
/// `@unchecked Sendable`: whoever holds it only reads.
struct OutgoingMessage: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    /// Keeps the memory: a stream may still write a message whose answer nobody awaits any more.
    let owner: AnyObject
}

/// Memory for one message after another.
final class MessageMemory {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)

    deinit { memory.deallocate() }

    /// Copies a message; the one before must have been written.
    func copy(_ message: UnsafeRawBufferPointer) -> OutgoingMessage {
        if memory.count < message.count {
            memory.deallocate()
            memory = .allocate(byteCount: message.count, alignment: 64)
        }
        memory.copyMemory(from: message)
        return OutgoingMessage(
            bytes: UnsafeRawBufferPointer(rebasing: memory[..<message.count]), owner: self)
    }
}

/// A message that has arrived, in the transport's own memory.
///
/// `@unchecked Sendable`: the bytes are a value that nothing changes; the transport's only type of bytes is a NIO
/// buffer, which is sendable.
struct IncomingMessage: @unchecked Sendable {
    private let content: any GRPCContiguousBytes

    init(_ content: any GRPCContiguousBytes) { self.content = content }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try content.withUnsafeBytes(body)
    }
}

/// Copies a message into the transport's memory.
struct ExchangeSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: OutgoingMessage) -> Bytes { Bytes(message.bytes) }
}

/// Takes over the transport's memory: no copy on the way in.
struct ExchangeDeserializer: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> IncomingMessage { IncomingMessage(bytes) }
}

extension MethodDescriptor {
    /// The stream of `docs/distributed.md` between a worker process and a shard.
    static var exchange: Self { Self(fullyQualifiedService: "dqn.v1.Shard", method: "Exchange") }
}
