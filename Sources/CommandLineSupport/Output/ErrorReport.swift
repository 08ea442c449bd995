package import ArgumentParser
internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNGraphics
internal import DQNModel
internal import DQNReport
internal import DQNSupport
internal import Foundation

extension ExitCode {
    /// The program failed while running.
    package static let runtimeFailure = ExitCode(1)
    /// The command line or the configuration is invalid.
    package static let usage = ExitCode(64)
    /// A checkpoint or a run's table of metrics is malformed.
    package static let malformedCheckpoint = ExitCode(65)
    /// An input file or run does not exist.
    package static let missingInput = ExitCode(66)
    /// The environment brings code that the user has not allowed: `EX_NOPERM` of `sysexits.h`.
    package static let environmentNotAllowed = ExitCode(77)
    /// A signal ended the program after it saved its state.
    package static let interrupted = ExitCode(130)
}

/// Lines of an error's details, such as a traceback, that are printed.
private let mostDetails = 200

/// Prints an error as one line on standard error and returns the exit code.
///
/// The details of an environment's error, such as a traceback, precede it as lines indented by two spaces.
///
/// - Parameters:
///   - error: the error.
///   - program: the program's name, such as `dqn-train`; see ``ProgramName``.
///   - exitCode: returns the exit code of an error type of this program, or `nil` for others.
///   - cause: returns the cause of an error type of this program, or `nil` for others.
package func report(
    _ error: any Error, program: String, exitCode: (any Error) -> ExitCode? = { _ in nil },
    cause: (any Error) -> (any Error)? = { _ in nil }
) -> ExitCode {
    if let cause = (cause(error) ?? error) as? EnvironmentError { writeErrors(cause.details.map { "  \($0)" }) }
    writeError("\(ProgramName.program(program)): \(systemReason(error))")
    return exitCode(error) ?? standardExitCode(of: error)
}

private func standardExitCode(of error: any Error) -> ExitCode {
    switch error {
    case let error as PathError: return error.isInvalid ? .usage : .missingInput
    case let error as CheckpointError:
        switch error.code {
        case .malformed, .unsupportedVersion, .unknownExtension: return .malformedCheckpoint
        case .missing: return .missingInput
        case .exists, .nothingToRepair: return .usage
        default: return .runtimeFailure
        }
    case let error as ModelError:
        switch error.code {
        case .invalidSnapshot: return .malformedCheckpoint
        case .shapeMismatch, .computationFailed: return .runtimeFailure
        default: return .usage
        }
    case let error as EnvironmentError:
        switch error.code {
        case .unknownEnvironment, .invalidOptions, .invalidWrapper, .unsupportedSpace: return .usage
        case .pluginNotFound: return .missingInput
        case .notAllowed: return .environmentNotAllowed
        default: return .runtimeFailure
        }
    case let error as RecordingError:
        switch error.code {
        case .unknownFormat, .exists, .noPicture: return .usage
        default: return .runtimeFailure
        }
    case let error as ReportError:
        switch error.code {
        case .unknownMetric, .noClock, .sameRunTwice: return .usage
        case .malformedTable: return .malformedCheckpoint
        default: return .runtimeFailure
        }
    default: return .runtimeFailure
    }
}

/// Writes a line to standard error, without the addresses that Python shows for objects without a text of their own.
///
/// Nothing in it is printed as it is: a line stays one line, what a terminal obeys or hides is escaped, and a long line
/// lacks its middle.
package func writeError(_ line: String) {
    let text = line.contains(" at 0x") ? line.replacing(#/ at 0x[0-9a-fA-F]+/#, with: "") : line
    // A failure here cannot be reported, and a full disk must not end a run.
    try? FileHandle.standardError.write(contentsOf: Data((PrintableText.line(text) + "\n").utf8))
}

/// Writes lines to standard error, of very many only the last ones.
package func writeErrors(_ lines: [String]) {
    let omitted = lines.count - mostDetails
    if omitted > 0 { writeError("  … (\(omitted) lines omitted)") }
    for line in lines.suffix(mostDetails) { writeError(line) }
}
