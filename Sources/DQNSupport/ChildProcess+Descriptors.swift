internal import CDQNSupport
internal import Foundation

extension ChildProcess {
    /// Two connected descriptors. Both close on exec; the owner closes them.
    package struct Pair {
        /// The end of this process.
        package let own: Int32
        /// The end of the child: close it once the child has started, or the end of the child goes unnoticed.
        package let child: Int32
    }

    /// Makes two connected sockets, for ``send(_:to:within:)``.
    package static func sockets() throws(SystemError) -> Pair {
        var ends: [Int32] = [-1, -1]
        let failure = dqn_child_sockets(&ends, Int32(RunningTime.slice * 1000))
        guard failure == 0 else { throw SystemError(failure) }
        return Pair(own: ends[0], child: ends[1])
    }

    /// Makes a pipe for the child's output; reading from this process's end never blocks.
    package static func outputPipe() throws(SystemError) -> Pair {
        var ends: [Int32] = [-1, -1]
        let failure = dqn_child_pipe(&ends)
        guard failure == 0 else { throw SystemError(failure) }
        return Pair(own: ends[0], child: ends[1])
    }

    /// Makes a file without a name, which is deleted when it is closed: for output that is read only after the child's
    /// end.
    package static func namelessFile() throws(SystemError) -> Int32 {
        let descriptor = dqn_child_nameless_file(NSTemporaryDirectory())
        guard descriptor >= 0 else { throw SystemError(-descriptor) }
        return descriptor
    }

    /// Sends all bytes to the child; a closed receiver is an error, never a signal.
    ///
    /// - Returns: the system's error number, or 0; `EAGAIN` if the child has not read them in time.
    @discardableResult
    package func send(_ bytes: UnsafeRawBufferPointer, to socket: Int32, within limit: inout TimeLimit) -> Int32 {
        var sent = 0
        while true {
            let failure = dqn_child_send(socket, bytes.baseAddress, bytes.count, &sent)
            if failure != EAGAIN || limit.isOver(waitingFor: self) { return failure }
        }
    }

    /// The result of a wait for two descriptors.
    package enum Readiness: Sendable {
        /// The first one has something to read, or is at its end.
        case first
        /// Only the second one has something to read, or a signal interrupted the wait.
        case second
        case timeout
        case failure
    }

    /// Waits until one of two descriptors has something to read.
    ///
    /// - Parameters:
    ///   - second: `nil` to watch only one.
    ///   - polling: decides whether the wait starts by polling; learns from it.
    ///   - steps: the steps of an environment that the answer takes: polling lasts a tenth of a millisecond for each, at
    ///     most for ten.
    package static func wait(
        for first: Int32, or second: Int32? = nil, milliseconds: Int32, polling: inout AnswerPolling, steps: Int = 1
    ) -> Readiness {
        var outcome: Int32 = polling.isWorthwhile() ? Int32(max(1, min(steps, 10))) : 0
        let result = dqn_child_wait(first, second ?? -1, milliseconds, &outcome)
        polling.record(outcome)
        return readiness(result)
    }

    /// Waits, asleep, until one of two descriptors has something to read.
    package static func wait(for first: Int32, or second: Int32? = nil, milliseconds: Int32) -> Readiness {
        var outcome: Int32 = 0
        return readiness(dqn_child_wait(first, second ?? -1, milliseconds, &outcome))
    }

    private static func readiness(_ result: Int32) -> Readiness {
        switch result {
        case 0: .timeout
        case 1: .first
        case 2: .second
        default: .failure
        }
    }
}
