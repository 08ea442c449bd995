internal import Foundation

/// Hands requests of a worker's thread to a stream, and the stream's answers to the thread.
///
/// `@unchecked Sendable`: everything is used with the condition held, except the answer that the thread reads, which
/// nothing else touches until the next request.
final class AnswerBox: @unchecked Sendable {
    /// Requests, in order; ends with the connection.
    let requests: AsyncStream<OutgoingMessage>
    private let submit: AsyncStream<OutgoingMessage>.Continuation
    /// Ends with the connection.
    let end: AsyncStream<Void>
    private let ending: AsyncStream<Void>.Continuation
    private let condition = NSCondition()
    private let memory = MessageMemory()
    private var answer: IncomingMessage?
    private var isAwaited = false
    private var failure: ConnectionLoss?

    init() {
        (requests, submit) = AsyncStream.makeStream()
        (end, ending) = AsyncStream.makeStream()
    }

    /// Sends a copy of a request, to which one answer is awaited; the answer to the one before must have been taken.
    func request(_ message: UnsafeRawBufferPointer) throws(ConnectionLoss) {
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
        precondition(!isAwaited, "a stream has one open request")
        isAwaited = true
        submit.yield(memory.copy(message))
    }

    /// Delivers an answer.
    ///
    /// - Returns: whether one was awaited; the connection must end if not.
    func deliver(_ message: IncomingMessage) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard isAwaited, answer == nil else { return false }
        answer = message
        condition.signal()
        return true
    }

    /// Ends the connection: the thread that waits, and all later requests, get the reason of the first call.
    func fail(_ loss: ConnectionLoss) {
        condition.lock()
        defer { condition.unlock() }
        failure = failure ?? loss
        submit.finish()
        ending.finish()
        condition.broadcast()
    }

    /// Waits for the answer.
    ///
    /// - Returns: `nil` if there is none within the time.
    func wait(seconds: Double) throws(ConnectionLoss) -> IncomingMessage? {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: seconds)
        while answer == nil {
            if let failure { throw failure }
            guard condition.wait(until: deadline) else { break }
        }
        guard let answer else { return nil }
        self.answer = nil
        isAwaited = false
        return answer
    }
}

/// Why a process can no longer exchange anything with another.
package struct ConnectionLoss: Error, CustomStringConvertible {
    /// One sentence that names the other process and the reason.
    package let description: String
}
