internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
package import Foundation

/// A second process of the running program, for work that may crash.
///
/// libhdf5 parses a file's headers before any digest is known. In a separate process, under ``ProcessLimits``, a
/// damaged or hostile file can end that process but not the caller.
package enum IsolatedProgram {
    /// The maximum number of bytes of output to read; a report is far shorter.
    private static let outputLimit = 1 << 24

    /// Runs the program with other arguments and returns what it prints on standard output.
    ///
    /// The process limits itself: it calls ``ProcessLimits/apply()`` before it touches the file.
    /// - Parameters:
    ///   - file: the file that it reads, for error messages.
    ///   - limits: its limits, for the deadline and error messages.
    /// - Throws: ``DQNCheckpoint/CheckpointError``: `malformed`, with the reason, if the process was killed, did not
    ///   end in time or failed; `inputOutput` if it cannot be started.
    package static func run(_ arguments: [String], reading file: String, limits: ProcessLimits) throws -> Data {
        let output: Int32
        let process: ChildProcess
        // A parent may have made this program ignore the signal; the system then does not report how a child ended.
        signal(SIGCHLD, SIG_DFL)
        do throws(SystemError) { (process, output) = try start(arguments) } catch {
            throw CheckpointError(
                code: .inputOutput, message: "A process to read '\(file)' cannot be started: \(error).",
                underlying: error)
        }
        defer { close(output) }
        let dependent = ProcessEnding.DependentProcess(process.identifier)
        defer { dependent.forget() }
        var limit = ChildProcess.TimeLimit(seconds: Double(limits.deadlineSeconds))
        let printed = read(output, of: process, within: &limit)
        let complaint: String?
        if printed.count > outputLimit {
            process.kill()
            complaint = "printed without end"
        } else if let ending = process.waitForEnding(within: &limit) {
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
    /// - Returns: the process, and the descriptor of its output, which the caller closes.
    private static func start(_ arguments: [String]) throws(SystemError) -> (ChildProcess, output: Int32) {
        let pipe = try ChildProcess.outputPipe()
        defer { close(pipe.child) }
        // The signal is enough to report a crash; a backtrace takes memory and time that the limits may not allow.
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
    private static func read(
        _ descriptor: Int32, of process: ChildProcess, within limit: inout ChildProcess.TimeLimit
    ) -> Data {
        var printed = Data()
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while printed.count <= outputLimit {
            let readiness = ChildProcess.wait(for: descriptor, milliseconds: limit.milliseconds)
            if limit.isOver(waitingFor: process) { break }
            guard readiness == .first else { continue }
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
