/// A worker's connection to one shard: requests and their answers, in order.
///
/// A store sends one request to every shard and then waits for the answers, so that the shards work at the same time.
/// Not thread-safe: the store uses a link under its lock.
@_spi(Distributed) public protocol ShardLink: AnyObject {
    /// Sends a request without waiting for the answer. The message's memory is no longer needed once this returns.
    ///
    /// - Throws: the reason why the shard cannot be reached.
    func send(_ message: UnsafeRawBufferPointer) throws

    /// Waits for the answer to the oldest request that has none.
    ///
    /// - Parameter body: reads the answer, whose memory is valid until it returns.
    /// - Throws: the reason why no answer will come, within a bounded time; what `body` throws.
    func receive(_ body: (UnsafeRawBufferPointer) throws -> Void) throws

    /// Ends the connection; callable from any thread. A request that waits for its answer fails.
    func close()
}

/// A link to a shard in this process.
package final class LocalShardLink: ShardLink {
    private let session: ShardSession
    /// The answer, which is valid until the next request.
    private var answer: UnsafeRawBufferPointer?

    /// Creates a link.
    package init(to shard: ParameterShard) { session = ShardSession(with: shard) }

    package func send(_ message: UnsafeRawBufferPointer) { answer = session.answer(message) }

    package func receive(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let answer else { throw ClusterError.malformed("an answer is awaited before a request") }
        self.answer = nil
        try body(answer)
    }

    package func close() {}
}
