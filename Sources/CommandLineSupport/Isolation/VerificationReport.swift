internal import DQNCheckpoint
internal import DQNModel
package import DQNSupport
internal import Foundation

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
