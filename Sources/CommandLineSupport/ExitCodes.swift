public import ArgumentParser
internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel
internal import Foundation

extension ExitCode {
    /// Something failed while running.
    public static let runtimeFailure = ExitCode(1)
    /// The command line or the configuration is wrong.
    public static let usage = ExitCode(64)
    /// A checkpoint is damaged, or no checkpoint at all.
    public static let malformedCheckpoint = ExitCode(65)
    /// A file or a run that should be read is not there.
    public static let missingInput = ExitCode(66)
    /// A signal ended the program, after saving.
    public static let interrupted = ExitCode(130)
}

/// Gives an error of any layer its exit code.
public protocol ExitCodeProviding: Error {
    /// The code that a program ends with.
    var exitCode: ExitCode { get }
}

/// Prints an error as one line on standard error and gives the exit code to end with.
public func report(_ error: any Error, program: String) -> ExitCode {
    let line = "\(error)".replacingOccurrences(of: "\n", with: " ")
    writeError("\(program): \(line)")
    switch error {
    case let error as any ExitCodeProviding: return error.exitCode
    case is ModelError: return .usage
    case let error as EnvironmentError: return error.code == .unknownEnvironment ? .usage : .runtimeFailure
    default: return .runtimeFailure
    }
}

/// Writes a line to standard error.
public func writeError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
