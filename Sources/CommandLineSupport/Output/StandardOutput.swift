internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// Standard output. Unlike `print`, it reports a full disk and a closed pipe, and prints no text of a file as it is: a line
/// stays one line, and what a terminal obeys or hides is escaped.
package enum StandardOutput {
    /// Makes a write to a closed pipe or beyond the file size limit fail with an error. By default a signal ends the
    /// program without a word.
    package static func reportFailedWrites() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Whether the program was started without standard output: nothing can be written.
    package static var isClosed: Bool {
        let flags = fcntl(STDOUT_FILENO, F_GETFL)
        return flags < 0 || flags & O_ACCMODE == O_RDONLY
    }

    /// Writes a line at once, without a buffer whose end could be lost.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`) with the system's reason.
    package static func line(_ text: String) throws { try lines([text]) }

    /// Writes lines at once.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`) with the system's reason.
    package static func lines(_ lines: [String]) throws {
        try write(lines.map { PrintableText.line($0, limit: PrintableText.outputLimit) + "\n" }.joined())
    }

    /// Writes lines at once whose texts are printable already and may have the colours of a ``TextStyle``.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`) with the system's reason.
    package static func styledLines(_ lines: [String]) throws {
        try write(lines.map { PrintableText.colouredLines($0) + "\n" }.joined())
    }

    /// Writes a JSON document and a line break at once.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`) with the system's reason.
    static func json(_ document: Data) throws {
        try write(PrintableText.json(document) + Data("\n".utf8))
    }

    /// Writes commands for the terminal and texts that are printable already.
    ///
    /// Only this module may call it.
    static func write(_ text: String) throws { try write(Data(text.utf8)) }

    private static func write(_ data: Data) throws {
        do throws(SystemError) { try data.write(toDescriptor: STDOUT_FILENO) } catch { throw failure(error) }
    }

    private static func failure(_ reason: SystemError) -> CheckpointError {
        let remedy =
            switch reason.number {
            case EPIPE: "its reader has closed it. Read all of it, or redirect it to a file."
            case EBADF: "it is closed. Redirect it to a file or to /dev/null."
            default: "free disk space, or redirect it to another place."
            }
        return CheckpointError(
            code: .inputOutput, message: "Cannot write to standard output (\(reason)): \(remedy)", underlying: reason)
    }
}

extension Data {
    /// Writes all bytes, also to a descriptor that another program, which shares its terminal or pipe, has made
    /// non-blocking.
    func write(toDescriptor descriptor: Int32) throws(SystemError) {
        var rest = self[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            default: throw SystemError(errno)
            }
        }
    }
}
