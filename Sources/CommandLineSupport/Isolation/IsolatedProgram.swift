internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
package import Foundation

/// The running program, started once more to do what may crash.
///
/// libhdf5 parses a file's headers before any digest is known. Done in a process of its own, under ``ProcessLimits``, what
/// a damaged or hostile file does to it ends that process and not the caller.
package enum IsolatedProgram {
    /// Bytes of output that are taken: far more than a report has.
    private static let outputLimit = 1 << 24

    /// Runs the program with other arguments and gives what it prints on standard output.
    ///
    /// The process binds itself: it calls ``ProcessLimits/apply()`` before it touches the file.
    /// - Parameters:
    ///   - file: what it reads, for the message.
    ///   - limits: what it is bound to, for the deadline and the message.
    /// - Throws: ``DQNCheckpoint/CheckpointError``: `malformed` when the process was killed, did not end in time or
    ///   failed, with how; `inputOutput` when it cannot be started.
    package static func run(_ arguments: [String], reading file: String, limits: ProcessLimits) throws -> Data {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        // A crash is told by its signal; printing where it was takes memory and time that there may not be.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch {
            throw CheckpointError(
                code: .inputOutput, message: "A process to read '\(file)' cannot be started: \(systemReason(error)).",
                underlying: error)
        }
        let deadline = Deadline(process, seconds: limits.deadlineSeconds)
        var output = Data()
        while output.count <= outputLimit,
            let part = try pipe.fileHandleForReading.read(upToCount: 1 << 16), !part.isEmpty
        {
            output += part
        }
        if output.count > outputLimit { deadline.kill() }
        process.waitUntilExit()
        if let complaint = complaint(process, deadline, limits, output.count) {
            throw CheckpointError(
                code: .malformed,
                message: "'\(file)' could not be parsed: the reader \(complaint) while parsing it; it was allowed "
                    + "\(limits.memoryBytes >> 20) MiB of memory and \(limits.processorSeconds) seconds.")
        }
        return output
    }

    /// How a process ended, if not well.
    private static func complaint(
        _ process: Process, _ deadline: Deadline, _ limits: ProcessLimits, _ outputBytes: Int
    ) -> String? {
        let status = process.terminationStatus
        if deadline.end() { return "had not finished after \(limits.deadlineSeconds) seconds" }
        if outputBytes > outputLimit { return "printed without end" }
        if process.terminationReason == .uncaughtSignal {
            return "was killed by signal \(status) (\(String(cString: strsignal(status))))"
        }
        return status == 0 ? nil : "ended with exit code \(status)"
    }

    private static var executable: URL {
        let own = "/proc/self/exe"
        if FileManager.default.fileExists(atPath: own) { return URL(fileURLWithPath: own) }
        return Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    }
}

/// Kills a process that has not ended in time.
///
/// `@unchecked Sendable`: what changes is guarded by `lock`.
private final class Deadline: @unchecked Sendable {
    private let lock = NSLock()
    private let process: Process
    private var hasEnded = false
    private var hasPassed = false

    init(_ process: Process, seconds: Int) {
        self.process = process
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { [weak self] in
            guard let self else { return }
            lock.withLock {
                if hasEnded || !process.isRunning { return }
                hasPassed = true
                Foundation.kill(process.processIdentifier, SIGKILL)
            }
        }
    }

    func kill() {
        lock.withLock { if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) } }
    }

    /// Stops watching; tells whether the time had passed.
    func end() -> Bool {
        lock.withLock {
            hasEnded = true
            return hasPassed
        }
    }
}
