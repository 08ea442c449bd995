public import ArgumentParser
internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel
internal import DQNReport
internal import Foundation

extension ExitCode {
    /// Something failed while running.
    public static let runtimeFailure = ExitCode(1)
    /// The command line or the configuration is wrong.
    public static let usage = ExitCode(64)
    /// A checkpoint is damaged or none at all, or a run's table of metrics is.
    public static let malformedCheckpoint = ExitCode(65)
    /// A file or a run that should be read is not there.
    public static let missingInput = ExitCode(66)
    /// A signal ended the program, after saving.
    public static let interrupted = ExitCode(130)
}

/// Prints an error as one line on standard error and gives the exit code to end with.
///
/// What lies behind an environment's failure, as a traceback, stands in lines of two spaces before it.
///
/// - Parameters:
///   - codeOf: the code of errors that only the program knows.
///   - causeOf: the error behind one that only the program knows.
public func report(
    _ error: any Error, program: String, codeOf: (any Error) -> ExitCode? = { _ in nil },
    causeOf: (any Error) -> (any Error)? = { _ in nil }
) -> ExitCode {
    if let cause = (causeOf(error) ?? error) as? EnvironmentError {
        for detail in cause.details { writeError("  \(detail)") }
    }
    let line = "\(error)".replacingOccurrences(of: "\n", with: " ")
    writeError("\(program): \(line)")
    if let code = codeOf(error) { return code }
    switch error {
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

/// Writes a line to standard error.
public func writeError(_ line: String) {
    // Nobody is left to tell when this fails, and a full disk must not end a run.
    try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
}
