internal import DQNModel
internal import DQNSupport
internal import Foundation

/// An ffmpeg process that encodes the pictures it receives as an MP4 film.
///
/// Pictures go over a socket rather than a pipe: writing to a socket whose reader has ended is an error, never a
/// signal.
final class FFmpegProcess {
    /// The time limit in seconds for a picture, and for completing the film.
    private static let patience = 120.0

    private let url: URL
    private let process: ChildProcess
    private let input: Int32
    /// What ffmpeg prints; `nil` if no file could be created for it; errors then contain only the exit code. A pipe
    /// would need constant reading, because ffmpeg stops while it is full.
    private let log: Int32?
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
                "ffmpeg, which encodes .mp4 films, is missing; install it (apt install ffmpeg, brew install ffmpeg), "
                + "or record a .gif.")
    }

    /// Starts it.
    ///
    /// - Parameters:
    ///   - url: the film's name in error messages.
    ///   - output: the file it writes.
    /// - Throws: ``RecordingError``.
    init(
        _ program: URL, url: URL, output: URL, width: Int, height: Int, picturesPerSecond: Double
    ) throws(RecordingError) {
        self.url = url
        let sockets: ChildProcess.Pair
        do throws(SystemError) { sockets = try ChildProcess.sockets() } catch {
            throw RecordingFile.failure(url, "\(error)")
        }
        defer { close(sockets.child) }
        input = sockets.own
        log = try? ChildProcess.namelessFile()
        let arguments =
            ["-hide_banner", "-loglevel", "error", "-y"]
            + ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "\(width)x\(height)", "-r", "\(picturesPerSecond)"]
            // Every player supports colour at half the resolution. An index at the beginning lets a film start at once.
            + ["-i", "pipe:0", "-an", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", output.path]
        do throws(SystemError) {
            process = try ChildProcess(program.path, arguments: arguments, descriptors: [sockets.child, nil, log])
        } catch {
            close(input)
            if let log { close(log) }
            throw RecordingError(
                code: .ffmpegMissing,
                message: "'\(program.path)' cannot be started (\(error)); install it again, or record a .gif.")
        }
    }

    deinit {
        end(within: 0)
        if let log { close(log) }
    }

    /// Sends a picture.
    ///
    /// - Throws: ``RecordingError`` (`ffmpegFailed`).
    func append(_ picture: Picture) throws(RecordingError) {
        var limit = ChildProcess.TimeLimit(seconds: Self.patience)
        let failure = picture.bytes.withUnsafeBytes { process.send($0, to: input, within: &limit) }
        if failure != 0 { throw self.failure(isStuck: failure == EAGAIN) }
    }

    /// Ends the film and waits until it is written.
    ///
    /// - Throws: ``RecordingError`` (`ffmpegFailed`).
    func finish() throws(RecordingError) {
        let isStuck = !end(within: Self.patience)
        if isStuck || process.ending != .exited(code: 0) { throw failure(isStuck: isStuck) }
    }

    /// Ends it without a film.
    func cancel() { end(within: 0) }

    /// Closes its input, and kills it if it still runs after the given time.
    ///
    /// - Returns: whether it ended by itself.
    @discardableResult
    private func end(within seconds: Double) -> Bool {
        if isInputOpen { close(input) }
        isInputOpen = false
        if process.waitForEnding(seconds: seconds) != nil { return true }
        process.end(within: 0)
        return false
    }

    /// The last line it has printed, or how it ended.
    private func failure(isStuck: Bool) -> RecordingError {
        // If it has closed its input, it is about to end, with a reason.
        end(within: isStuck ? 0 : 2)
        var tail = OutputTail(limit: 32768)
        if let log, lseek(log, 0, SEEK_SET) == 0 { tail.drain(log) }
        let reason =
            isStuck
            ? "it made no progress for \(Int(Self.patience)) s"
            : tail.lines.last.map(String.init) ?? process.ending.map { "it \($0)" } ?? "it did not exit"
        return RecordingError(
            code: .ffmpegFailed,
            message: "ffmpeg could not create '\(url.path)' (\(reason)); fix the cause, or record a .gif.")
    }
}
