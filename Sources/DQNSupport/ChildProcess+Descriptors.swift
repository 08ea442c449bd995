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

    /// Makes two connected sockets. Sending fails with `EAGAIN` if the child reads nothing for this many seconds.
    package static func sockets(sendSeconds: Int) throws(SystemError) -> Pair {
        var ends: [Int32] = [-1, -1]
        let failure = dqn_child_sockets(&ends, Int32(sendSeconds))
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

    /// Sends all bytes; a closed receiver is an error, never a signal.
    ///
    /// - Returns: the system's error number, or 0.
    @discardableResult
    package static func send(_ bytes: UnsafeRawBufferPointer, to socket: Int32) -> Int32 {
        dqn_child_send(socket, bytes.baseAddress, bytes.count)
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

    /// Waits until one of two descriptors has something to read: polls for a tenth of a millisecond, then sleeps.
    ///
    /// - Parameter second: `nil` to watch only one.
    package static func wait(for first: Int32, or second: Int32? = nil, milliseconds: Int32) -> Readiness {
        switch dqn_child_wait(first, second ?? -1, milliseconds) {
        case 0: .timeout
        case 1: .first
        case 2: .second
        default: .failure
        }
    }
}
