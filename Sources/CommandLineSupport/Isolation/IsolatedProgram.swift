internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
public import Foundation

/// The running program, started once more to do what may crash.
///
/// libhdf5 parses a file's headers before any digest is known. In a process of its own, under ``ProcessLimits``, a
/// damaged or hostile file can end that process but not the caller.
public enum IsolatedProgram {
    /// Bytes of output that are read: far more than a report has.
    private static let outputLimit = 1 << 24

    /// Runs the program with other arguments and returns what it prints on standard output.
    ///
    /// The process limits itself: it calls ``ProcessLimits/apply()`` before it touches the file.
    /// - Parameters:
    ///   - file: what it reads, for the message.
    ///   - limits: its limits, for the deadline and the message.
    /// - Throws: ``DQNCheckpoint/CheckpointError``: `malformed` when the process was killed, did not end in time or
    ///   failed, with how; `inputOutput` when it cannot be started.
    public static func run(_ arguments: [String], reading file: String, limits: ProcessLimits) throws -> Data {
        let output: Int32
        let process: ChildProcess
        do throws(SystemError) { (process, output) = try start(arguments) } catch {
            throw CheckpointError(
                code: .inputOutput, message: "A process to read '\(file)' cannot be started: \(error).",
                underlying: error)
        }
        defer { close(output) }
        let clock = Stopwatch(seconds: Double(limits.deadlineSeconds))
        let printed = read(output, until: clock)
        let complaint: String?
        if printed.count > outputLimit {
            process.kill()
            complaint = "printed without end"
        } else if let ending = process.waitForEnding(seconds: clock.left) {
            complaint = ending == .exited(code: 0) ? nil : "\(ending)"
        } else {
            complaint = "had not finished after \(limits.deadlineSeconds) seconds"
        }
        process.end(within: 0)
        if let complaint {
            throw CheckpointError(
                code: .malformed,
                message: "'\(file)' could not be parsed: the reader \(complaint) while parsing it; it was allowed "
                    + "\(limits.memoryBytes >> 20) MiB of memory and \(limits.processorSeconds) seconds.")
        }
        return printed
    }

    /// Starts the process.
    ///
    /// - Returns: the process, and the descriptor that gives what it prints; the caller closes it.
    private static func start(_ arguments: [String]) throws(SystemError) -> (ChildProcess, output: Int32) {
        let pipe = try ChildProcess.outputPipe()
        defer { close(pipe.child) }
        // The signal says enough of a crash; a backtrace takes memory and time that the limits may not allow.
        let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        do throws(SystemError) {
            let process = try ChildProcess(
                executable, arguments: arguments, environment: environment, descriptors: [nil, pipe.child, nil])
            return (process, pipe.own)
        } catch {
            close(pipe.own)
            throw error
        }
    }

    /// Reads to the end, to the limit or to the deadline, whichever comes first.
    private static func read(_ descriptor: Int32, until clock: Stopwatch) -> Data {
        var printed = Data()
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while printed.count <= outputLimit, clock.left > 0 {
            // Rounded up: a wait of no milliseconds would be a busy loop.
            guard ChildProcess.wait(for: descriptor, milliseconds: Int32(min(clock.left * 1000 + 1, 1e9))) == .first
            else {
                continue
            }
            let count = Foundation.read(descriptor, &part, part.count)
            if count > 0 { printed += part[..<count] }
            if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { break }
        }
        return printed
    }

    private static var executable: String {
        let own = "/proc/self/exe"
        if FileManager.default.fileExists(atPath: own) { return own }
        return Bundle.main.executablePath ?? CommandLine.arguments[0]
    }
}

/// Seconds that are left of a span that began when this was made.
private struct Stopwatch {
    private let start = ContinuousClock.now
    let seconds: Double

    init(seconds: Double) { self.seconds = seconds }

    var left: Double { max(seconds - (ContinuousClock.now - start) / .seconds(1), 0) }
}
