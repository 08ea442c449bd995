internal import DQNModel
internal import Foundation

/// An ffmpeg that makes an MP4 film of the pictures that it is sent.
///
/// Pictures go over a socket rather than a pipe: writing to one whose reader is gone is an error there, never a signal.
/// It is in a process group of its own, so that Ctrl-C is this program's to answer.
final class FFmpegProcess {
    /// Seconds that it may take for a picture, or for the film's end.
    private static let patience = 120

    private let url: URL
    private let process = Process()
    private let input: Int32
    private let complaints: FileHandle
    private var isInputOpen = true

    /// The program, in a folder of PATH.
    ///
    /// - Throws: ``RecordingError`` (`ffmpegMissing`).
    static func find() throws(RecordingError) -> URL {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        for folder in folders {
            let url = URL(fileURLWithPath: String(folder)).appendingPathComponent("ffmpeg")
            if access(url.path, X_OK) == 0 { return url }
        }
        throw RecordingError(
            code: .ffmpegMissing,
            message:
                "There is no ffmpeg, which makes .mp4 films; install it (apt install ffmpeg, brew install ffmpeg), "
                + "or record a .gif.")
    }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - url: what errors call the film.
    ///   - output: the file that it makes.
    /// - Throws: ``RecordingError``.
    init(
        _ program: URL, url: URL, output: URL, width: Int, height: Int, picturesPerSecond: Double
    ) throws(RecordingError) {
        self.url = url
        var ends: [Int32] = [-1, -1]
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw RecordingFile.failure(url, String(cString: strerror(errno)))
        }
        // Else ffmpeg itself would keep the end open whose closing tells it that the film is over.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        #if canImport(Darwin)
            var on: Int32 = 1
            setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        input = ends[0]
        complaints = Self.nameless()
        process.executableURL = program
        process.arguments =
            ["-hide_banner", "-loglevel", "error", "-y"]
            + ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "\(width)x\(height)", "-r", "\(picturesPerSecond)"]
            // Half the colour's resolution is what every player can show; the index first, so that it starts at once.
            + ["-i", "pipe:0", "-an", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", output.path]
        process.standardInput = FileHandle(fileDescriptor: ends[1], closeOnDealloc: false)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = complaints
        defer { close(ends[1]) }
        do { try process.run() } catch {
            close(input)
            throw RecordingError(
                code: .ffmpegMissing,
                message: "'\(program.path)' cannot be started (\(error.localizedDescription)); install it anew, or "
                    + "record a .gif.")
        }
    }

    /// Sends a picture.
    ///
    /// - Throws: ``RecordingError`` (`ffmpegFailed`).
    func append(_ picture: Picture) throws(RecordingError) {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var sent = 0
        while sent < picture.bytes.count {
            let count = picture.bytes.withUnsafeBytes { bytes in
                send(input, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, flags)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw failure(isStuck: errno == EAGAIN) }
            sent += count
        }
    }

    /// Ends the film and waits until it is written.
    ///
    /// - Throws: ``RecordingError`` (`ffmpegFailed`).
    func finish() throws(RecordingError) {
        let isStuck = !end(within: Double(Self.patience))
        if isStuck || process.terminationStatus != 0 { throw failure(isStuck: isStuck) }
    }

    /// Ends it without a film.
    func cancel() { _ = end(within: 0) }

    /// Tells it that nothing more comes, and kills it where it goes on for longer.
    ///
    /// - Returns: whether it ended by itself.
    private func end(within seconds: Double) -> Bool {
        if isInputOpen { close(input) }
        isInputOpen = false
        let start = ContinuousClock.now
        while process.isRunning, (ContinuousClock.now - start) / .seconds(1) < seconds { usleep(2_000) }
        let isStuck = process.isRunning
        if isStuck { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return !isStuck
    }

    /// What it said last, or how it ended.
    private func failure(isStuck: Bool) -> RecordingError {
        // One that has closed its input is about to end, with a reason.
        _ = end(within: isStuck ? 0 : 2)
        try? complaints.seek(toOffset: 0)
        let said = (try? complaints.readToEnd()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let last = said.split(whereSeparator: \.isNewline).last.map(String.init)
        let reason =
            isStuck ? "it stood still for \(Self.patience) s" : last ?? "exit code \(process.terminationStatus)"
        return RecordingError(
            code: .ffmpegFailed,
            message: "ffmpeg could not make '\(url.path)' (\(reason)); see to it, or record a .gif.")
    }

    /// Takes what ffmpeg says: a file without a name, gone when it is closed. A pipe would have to be read all the while, since
    /// ffmpeg stands still once it is full. Where no file can be made its words are lost, and errors tell its exit code alone.
    private static func nameless() -> FileHandle {
        var path = Array((NSTemporaryDirectory() + "dqn-ffmpeg-XXXXXX").utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { return .nullDevice }
        unlink(path)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
