/// One end of a control stream, to send on. A transport implements it.
@_spi(Distributed) public protocol ControlChannel: AnyObject, Sendable {
    /// Sends a message; returns at once. Does nothing after the end of the stream.
    func send(_ message: [UInt8])

    /// Ends the stream once what has been sent is on its way.
    func close()
}

/// One end of a control stream, to deliver what arrives to. The roles implement it.
@_spi(Distributed) public protocol ControlReceiver: AnyObject, Sendable {
    /// Delivers a message; returns soon. Called for one message at a time, in order.
    func receive(_ message: UnsafeRawBufferPointer)

    /// Tells that the stream has ended.
    ///
    /// - Parameter reason: as in "has closed its connection".
    func lose(_ reason: String)
}

extension ControlChannel {
    /// Sends a message. What cannot be encoded is a fault of this program.
    package func send(_ message: ControlMessage) {
        guard let bytes = try? message.encoded() else { return close() }
        send(bytes)
    }

    /// Sends a message with a payload that may be longer than messages may be: in pieces.
    package func send(_ message: ControlMessage, inPieces payload: [UInt8]) {
        var message = message
        var rest = payload[...]
        repeat {
            message.payload = Array(rest.prefix(ControlMessage.longestPiece))
            rest = rest.dropFirst(ControlMessage.longestPiece)
            message.more = rest.isEmpty ? nil : true
            send(message)
        } while !rest.isEmpty
    }
}
