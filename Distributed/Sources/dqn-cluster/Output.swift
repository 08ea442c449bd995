import ArgumentParser
@_spi(Distributed) import DQNCommandLine
@_spi(Distributed) import DQNDistributed
import Foundation

/// What the program prints, and how it ends.
enum Output {
    /// Why a process could not start.
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Prints a line on standard output at once.
    static func line(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8)) }

    /// Prints a line on standard error.
    static func error(_ text: String) {
        let line = "\(startOfLine)dqn-cluster: \(printable(text))\n"
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }

    /// Prints a line of the chief about its run: with the log of the dashboard, if one is shown.
    static func report(_ text: String) { CommandLineTool.writeRunLine("dqn-cluster: \(printable(text))") }

    /// The chief may have left its progress on the line of the terminal.
    private static let startOfLine = isTerminal ? "\r\u{1B}[K" : ""

    /// Whether standard error is a terminal that understands control sequences.
    static let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// Control characters, which other hosts may have sent, do not reach a terminal.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                        ? "\u{FFFD}" : scalar
                }))
    }

    /// Ends the process, with all threads that it has.
    static func exit(_ code: Int32, _ message: String?) -> Never {
        if let message { error(message) }
        Foundation.exit(code)
    }

    /// Ends the process of a shard or worker: threads that still compute are in nobody's way.
    static func exitAtOnce(_ ending: RoleEnding) -> Never {
        if let message = ending.message { error(message) }
        _exit(ending.code)
    }

    /// Runs a role, which blocks, on a thread of its own.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: body()) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Ends the process with the error of its start, as argument errors end it.
    static func start<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as ValidationError {
            throw error
        } catch { exit(1, "\(error)") }
    }
}
