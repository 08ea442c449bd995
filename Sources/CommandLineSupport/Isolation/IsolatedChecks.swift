internal import ArgumentParser
package import DQNCheckpoint
internal import DQNModel
package import DQNSupport
internal import Foundation

/// The hidden options by which a parent process passes limits to a child process.
package struct LimitOptions: ParsableArguments {
    @Option(help: .hidden) var memoryBytes: Int
    @Option(help: .hidden) var processorSeconds: Int

    /// Creates options for the parser.
    package init() {}

    /// Returns the limits.
    package func limits(allowingWriting allowsWriting: Bool) -> ProcessLimits {
        ProcessLimits(memoryBytes: memoryBytes, processorSeconds: processorSeconds, allowsWriting: allowsWriting)
    }
}

extension ProcessLimits {
    /// The arguments that ``LimitOptions`` parses.
    var arguments: [String] { ["--memory-bytes", "\(memoryBytes)", "--processor-seconds", "\(processorSeconds)"] }
}

/// A `CheckpointError` in the form that one process sends to another.
package struct TransferredError: Codable {
    var code: String
    package var rule: Int?
    package var message: String

    package init(_ error: CheckpointError) { (code, rule, message) = (error.code.rawValue, error.rule, error.message) }

    /// The error.
    package var error: CheckpointError { CheckpointError(code: .init(rawValue: code), message: message, rule: rule) }
}

/// The result of verifying a file, as one process sends it to another.
package struct VerificationReport: Codable {
    /// The broken rules, in order; empty for a valid file.
    package var failures: [TransferredError]
    /// The parts that were not checked, if any.
    package var unchecked: String?
    /// The file's digest.
    package var digest: String?

    /// Verifies a file in this process.
    package init(_ file: String, deep: Bool) {
        let report = Verifier.verify(URL(fileURLWithPath: file), deep: deep)
        failures = report.failures.map(TransferredError.init)
        unchecked = report.unchecked
        digest = report.digest
    }

    /// Verifies a file in a child process with limits. If the child fails, its failure is the result.
    ///
    /// - Parameters:
    ///   - file: the checkpoint file.
    ///   - deep: whether to decompress every replay chunk.
    ///   - memory: the memory limit; `nil` uses a default.
    ///   - command: the program's subcommand that verifies a file under ``LimitOptions``.
    package init(isolated file: String, deep: Bool, memory: ByteCount?, command: String) throws {
        let limits = ProcessLimits.verifying(file, memory: memory)
        let arguments = [command] + limits.arguments + (deep ? ["--deep"] : []) + ["--", file]
        do {
            let output = try IsolatedProgram.run(arguments, reading: file, limits: limits)
            self = try JSONDecoder().decode(VerificationReport.self, from: output)
        } catch let error as CheckpointError {
            (failures, unchecked, digest) = ([TransferredError(error)], nil, nil)
        }
    }
}
