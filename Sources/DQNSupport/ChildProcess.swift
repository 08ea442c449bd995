internal import CDQNSupport
internal import Foundation

/// A program that runs as a child process, in its own process group.
///
/// The child inherits only the given descriptors, and no blocked or ignored signals. However the child ends, its whole
/// group is then killed, including everything that it has started. Not thread-safe.
package final class ChildProcess {
    /// How a process ended.
    package enum Ending: Sendable, Equatable, CustomStringConvertible {
        case exited(code: Int32)
        case killed(signal: Int32)
        /// Another part of the program has reaped it.
        case unknown

        /// As in `was killed by signal 9 (Killed)`.
        package var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .killed(let signal): "was killed by signal \(signal) (\(String(cString: strsignal(signal))))"
            case .unknown: "ended in an unknown way"
            }
        }

        fileprivate init(status: Int32) {
            let signal = status & 0x7f
            self = signal == 0 ? .exited(code: status >> 8 & 0xff) : .killed(signal: signal)
        }
    }

    /// The number of the process, and of its group.
    package let identifier: Int32
    /// How the process ended; `nil` until this is known.
    package private(set) var ending: Ending?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: a path, or a name without a slash that is looked up in `PATH`.
    ///   - arguments: those after the program's name.
    ///   - environment: the child's environment variables; `nil` for this process's own.
    ///   - descriptors: the child's descriptors from 0 upwards, as descriptors of this process; `nil` for `/dev/null`.
    /// - Throws: ``SystemError``.
    package init(
        _ program: String, arguments: [String], environment: [String: String]? = nil, descriptors: [Int32?]
    ) throws(SystemError) {
        var process: pid_t = 0
        let words = CStrings([program] + arguments)
        let variables = environment.map { CStrings($0.map { "\($0.key)=\($0.value)" }) }
        let failure = withExtendedLifetime((words, variables)) {
            dqn_child_start(
                &process, program, words.pointer, variables?.pointer, descriptors.map { $0 ?? -1 },
                Int32(descriptors.count))
        }
        guard failure == 0 else { throw SystemError(failure) }
        identifier = process
    }

    deinit { end(within: 0) }

    /// Checks whether the process has ended, without waiting.
    package func checkEnding() -> Ending? {
        if ending != nil { return ending }
        var status: Int32 = 0
        let result = dqn_child_reap(identifier, &status)
        if result != 0 { ending = result > 0 ? Ending(status: status) : .unknown }
        return ending
    }

    /// Waits for the end of the process.
    ///
    /// - Returns: `nil` if it still runs after that time, in which both processes could run.
    package func waitForEnding(seconds: Double) -> Ending? {
        var limit = TimeLimit(seconds: seconds)
        return waitForEnding(within: &limit)
    }

    /// Waits for the end of the process, within a limit that earlier waits have used a part of.
    package func waitForEnding(within limit: inout TimeLimit) -> Ending? {
        while true {
            if let ending = waitForEnding(milliseconds: limit.milliseconds) { return ending }
            if limit.isOver(waitingFor: self) { return nil }
        }
    }

    private func waitForEnding(milliseconds: Int32) -> Ending? {
        for _ in 0..<max(2 * milliseconds, 1) {
            if let ending = checkEnding() { return ending }
            usleep(500)
        }
        return checkEnding()
    }

    /// Waits for the end of the process, and kills its group if it still runs after that time. A stopped process is
    /// continued, so that it can end.
    @discardableResult
    package func end(within seconds: Double) -> Ending {
        if isStopped { resume() }
        var time = RunningTime()
        while time.seconds < seconds {
            let milliseconds = Int32(time.wait(within: seconds) * 1000 + 1)
            if let ending = waitForEnding(milliseconds: milliseconds) { return ending }
            time.read()
        }
        while true {
            kill()
            if let ending = waitForEnding(seconds: 1) { return ending }
        }
    }

    /// Kills the process and its group; does nothing once it has been reaped.
    package func kill() {
        if ending == nil { _ = Foundation.kill(-identifier, SIGKILL) }
    }
}

/// C strings in an array that ends with a null pointer, freed with it.
private final class CStrings {
    private let strings: [UnsafeMutablePointer<CChar>?]
    /// Valid as long as this object.
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    init(_ texts: [String]) {
        strings = texts.map { strdup($0) } + [nil]
        pointer = .allocate(capacity: strings.count)
        pointer.initialize(from: strings, count: strings.count)
    }

    deinit {
        for string in strings { free(string) }
        pointer.deallocate()
    }
}
