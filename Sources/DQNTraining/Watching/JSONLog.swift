package import DQNLearning
package import DQNModel
internal import DQNSupport
package import Foundation

/// A stream of JSON Lines about a run, for programs that watch it: a file to which lines are appended, or a descriptor.
///
/// `@unchecked Sendable`: the failure is accessed with the lock held; the descriptor is constant.
package final class JSONLog: @unchecked Sendable, Equatable {
    /// Milliseconds that a reader may take before the stream is given up: a run must not wait for it.
    private static let patience: Int32 = 10_000
    /// Bytes that a pipe takes at once if it takes any.
    private static let pieceBytes = 4_096
    /// How each line begins.
    private static let beginning = "{\"event\":\""

    private let descriptor: Int32
    private let name: String
    private let isOwned: Bool
    private let isFile: Bool
    private let lock = Lock()
    /// Why nothing more is written.
    private var failure: String?
    private var isReported = false

    /// Opens a stream.
    ///
    /// - Parameters:
    ///   - target: the number of an open descriptor, or the path of a file, which is created if it does not exist.
    ///   - url: the file that `target` names.
    /// - Throws: ``TrainingError``: `invalidConfiguration` for a descriptor that is not open for writing and for a file
    ///   with other contents; `outputDirectory` for a file that cannot be opened.
    package init(_ target: String, url: URL) throws(TrainingError) {
        if let number = Int32(target), number >= 0 {
            let flags = fcntl(number, F_GETFL)
            guard flags >= 0, flags & O_ACCMODE != O_RDONLY else {
                throw TrainingError(
                    code: .invalidConfiguration,
                    message:
                        "--log-json \(number) is not a descriptor open for writing; add \(number)>FILE, or name a file."
                )
            }
            (descriptor, name, isOwned) = (number, "descriptor \(number)", false)
        } else {
            name = "'\(url.path)'"
            isOwned = true
            // Reading checks the contents. A named pipe is opened without waiting for its reader.
            descriptor = open(url.path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                throw TrainingError(
                    code: .outputDirectory,
                    message: "\(name) cannot be written (\(SystemError(errno))); name another file with --log-json.")
            }
        }
        var status = stat()
        isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        guard isOwned, isFile, status.st_size > 0 else { return }
        var start = [UInt8](repeating: 0, count: Self.beginning.utf8.count)
        let count = max(pread(descriptor, &start, start.count, 0), 0)
        guard count == min(start.count, Int(status.st_size)),
            start.prefix(count).elementsEqual(Self.beginning.utf8.prefix(count))
        else {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "\(name) holds something else than lines of --log-json, so nothing is appended to it; name another "
                    + "file.")
        }
        removeUnfinishedLine(size: Int(status.st_size))
    }

    /// Removes the half line that a killed process left at the end of the file: it would spoil the next one.
    private func removeUnfinishedLine(size: Int) {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        var end = size
        while end > 0 {
            let start = max(end - piece.count, 0)
            guard pread(descriptor, &piece, end - start, off_t(start)) == end - start else { return }
            if let index = piece[..<(end - start)].lastIndex(of: UInt8(ascii: "\n")) {
                end = start + index + 1
                break
            }
            end = start
        }
        if end < size { ftruncate(descriptor, off_t(end)) }
    }

    deinit { if isOwned { close(descriptor) } }

    package static func == (one: JSONLog, other: JSONLog) -> Bool { one === other }

    /// Whether the stream is a descriptor of this number.
    package func isDescriptor(_ number: Int32) -> Bool { !isOwned && descriptor == number }

    /// Writes a line.
    ///
    /// - Parameters:
    ///   - event: what has happened.
    ///   - members: the rest of the object, to which the time is added. Numbers that JSON cannot represent are left out.
    package func write(_ event: String, _ members: [String: JSONValue]) {
        var kept = members.filter { _, value in if case .number(let number) = value { number.isFinite } else { true } }
        kept["time"] = .number((Date().timeIntervalSince1970 * 1000).rounded() / 1000)
        guard let object = try? JSONValue.object(kept).canonicalData() else { return }
        let rest = "," + String(decoding: object.dropFirst(), as: UTF8.self)
        // Texts may come from a file; the lines may go to a terminal.
        let line = PrintableText.json(Array((Self.beginning + event + "\"" + rest).utf8)) + [UInt8(ascii: "\n")]
        lock.withLock {
            guard failure == nil else { return }
            var status = stat()
            let isKnown = isOwned && isFile && fstat(descriptor, &status) == 0
            do throws(SystemError) { try write(line) } catch {
                // The disk is full: half a line would spoil the first one of the next process.
                if isKnown { ftruncate(descriptor, status.st_size) }
                failure =
                    error.number == EAGAIN ? "its reader has not read for \(Self.patience / 1000) s" : error.description
            }
        }
    }

    /// Returns once why nothing more is written, as a message.
    package func takeFailure() -> String? {
        lock.withLock {
            guard let failure, !isReported else { return nil }
            isReported = true
            return "--log-json ends: \(name) cannot be written (\(failure)); training continues"
        }
    }

    private func write(_ line: [UInt8]) throws(SystemError) {
        var rest = line[...]
        while !rest.isEmpty {
            if !isFile {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let ready = poll(&waiting, 1, Self.patience)
                if ready < 0, errno == EINTR { continue }
                guard ready > 0 else { throw SystemError(EAGAIN) }
            }
            let piece = isFile ? rest : rest.prefix(Self.pieceBytes)
            let count = piece.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw SystemError(errno)
            }
            rest = rest.dropFirst(count)
        }
    }
}
