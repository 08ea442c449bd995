/// One stream between a worker process and a shard, as a transport sees it: bytes that are answered with bytes.
///
/// Not part of the library's API: `Distributed/`, which is released together with this module, implements the transport.
@_spi(Distributed) public protocol ExchangeSession: AnyObject {
    /// Answers a request; called for one request at a time.
    ///
    /// - Parameter message: The whole message.
    /// - Returns: The answer, valid until the next call.
    func answer(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer
}
