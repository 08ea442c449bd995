internal import DQNSupport
internal import Foundation

/// A process of the run that this program has started, here or through ssh.
///
/// Its standard input is a lifeline: the process ends when this program does, however it ends. Used by one thread.
final class LaunchedProcess {
    let member: LaunchPlan.Member
    private let process: ChildProcess
    /// This program's end of the process's standard input; `nil` once it is closed.
    private var lifeline: Int32?
    private let output: Int32
    /// `nil` for a process that shares this program's standard error.
    private let errors: Int32?
    private var outputReader: OutputReader
    private var errorReader: OutputReader?
    /// What the process has printed after `ready ROLE`, once it has: a chief's address, a shard's index and address, the
    /// indices of a process's workers.
    private(set) var readyWords: [String]?
    /// Whether its end has been taken by ``takeEnding()``.
    private(set) var hasEnded = false

    /// Starts the process.
    ///
    /// - Parameters:
    ///   - words: the program and its arguments.
    ///   - sharesErrors: whether the process writes to this program's standard error itself, as the chief does for its
    ///     progress line.
    ///   - firstInput: is written to its standard input first; at most a few thousand bytes.
    init(
        _ member: LaunchPlan.Member, words: [String], environment: [String: String], sharesErrors: Bool,
        firstInput: Data
    ) throws(SystemError) {
        self.member = member
        let input = try ChildProcess.sockets()
        var opened = [input.own, input.child]
        do throws(SystemError) {
            let standardOutput = try ChildProcess.outputPipe()
            opened += [standardOutput.own, standardOutput.child]
            let standardError = try sharesErrors ? nil : ChildProcess.outputPipe()
            if let standardError { opened += [standardError.own, standardError.child] }
            process = try ChildProcess(
                words[0], arguments: Array(words.dropFirst()), environment: environment,
                descriptors: [input.child, standardOutput.child, standardError?.child ?? STDERR_FILENO])
            for descriptor in [input.child, standardOutput.child, standardError?.child].compactMap({ $0 }) {
                close(descriptor)
            }
            lifeline = input.own
            (output, errors) = (standardOutput.own, standardError?.own)
            outputReader = OutputReader(standardOutput.own)
            errorReader = standardError.map { OutputReader($0.own) }
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
        if !firstInput.isEmpty {
            var limit = ChildProcess.TimeLimit(seconds: 5)
            // A process that reads nothing has ended or ends; its ending tells more than this error.
            _ = firstInput.withUnsafeBytes { process.send($0, to: input.own, within: &limit) }
        }
    }

    deinit {
        if let lifeline { close(lifeline) }
        close(output)
        if let errors { close(errors) }
    }

    /// The number of the process on this host.
    var identifier: Int32 { process.identifier }
    var isStopped: Bool { process.isStopped }

    /// Returns the process's lines on standard error, and on standard output after `ready`; the chief's output is left
    /// to ``passOn()``.
    func lines() -> [String] {
        var lines: [String] = []
        while readyWords == nil || member.role != .chief, let line = outputReader.line(isLast: hasEnded) {
            if readyWords == nil, line.hasPrefix("ready ") {
                readyWords = line.split(separator: " ").dropFirst(2).map(String.init)
            } else {
                lines.append(line)
            }
        }
        while let line = errorReader?.line(isLast: hasEnded) { lines.append(line) }
        return lines
    }

    /// Copies what the chief prints after `ready` to this program's standard output.
    func passOn() {
        guard readyWords != nil else { return }
        while true {
            let data = outputReader.rest()
            if data.isEmpty { return }
            // If nobody reads it, nothing is left to do: the run itself is saved.
            try? AtomicFile.write(data, to: STDOUT_FILENO)
        }
    }

    /// Returns how the process ended, once.
    func takeEnding() -> ChildProcess.Ending? {
        guard !hasEnded, let ending = process.checkEnding() else { return nil }
        hasEnded = true
        closeLifeline()
        return ending
    }

    /// Sends a signal to the process alone.
    func signal(_ number: Int32) { if process.ending == nil { _ = Foundation.kill(process.identifier, number) } }

    /// Asks the process to end.
    func closeLifeline() {
        if let lifeline { close(lifeline) }
        lifeline = nil
    }

    /// Kills the process and its group.
    func kill() { process.kill() }

    /// Continues the process if it is stopped.
    func resume() { process.resume() }
}
