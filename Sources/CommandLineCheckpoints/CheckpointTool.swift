package import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import Foundation

/// The command `dqn-checkpoint`.
package struct CheckpointTool: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dqn-checkpoint",
        abstract: "Inspect, verify, repair, compare, convert, import, export, strip and plot checkpoints.",
        discussion: """
            EXAMPLES
              dqn-checkpoint show runs/cartpole/checkpoints/step-000000050000.h5
              dqn-checkpoint ls runs/cartpole
              dqn-checkpoint verify runs/*/checkpoints/*.h5
              dqn-checkpoint verify from-a-stranger.h5 --deep --isolated
              dqn-checkpoint repair damaged.h5 saved.h5
              dqn-checkpoint diff a.h5 b.h5 --tolerance 1e-6
              dqn-checkpoint convert a.h5 old.h5 --to 1.0
              dqn-checkpoint strip step-000000050000.h5 policy.h5 --all-but-policy
              dqn-checkpoint import weights.pth policy.h5 --env CartPole-v1
              dqn-checkpoint export runs/cartpole policy.safetensors
              dqn-checkpoint plot runs/seed-* -o curve.svg

            EXIT CODES
              0    Success. For diff: the checkpoints are equal.
              1    The program failed, or its output could not be written. For diff: the checkpoints differ.
              2    For diff: the checkpoints cannot be compared, or the differences cannot be written.
              64   The command line is invalid.
              65   A checkpoint is malformed.
              66   An input file does not exist.
              130  A signal interrupted the program. Nothing unfinished is left.
            """,
        version: "0.1.0",
        subcommands: [
            Show.self, List.self, Verify.self, Repair.self, Diff.self, Convert.self, Import.self, Export.self,
            Strip.self,
            Plot.self, IsolatedVerify.self, IsolatedRepair.self,
        ])

    /// Creates a command with default values.
    package init() {}
}

/// Runs a subcommand's work. Turns an error into a message and an exit code.
///
/// - Parameter exitCode: returns the exit code of an error type of the subcommand, or `nil` for others.
func perform(exitCode: (any Error) -> ExitCode? = { _ in nil }, _ work: () throws -> Void) throws {
    do { try work() } catch let code as ExitCode { throw code } catch {
        throw report(error, program: "dqn-checkpoint", exitCode: exitCode)
    }
}

struct Strip: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a smaller copy that plays but cannot be resumed.",
        discussion: """
            EXAMPLES
              dqn-checkpoint strip step-000000050000.h5 policy.h5 --all-but-policy
              dqn-checkpoint strip step-000000050000.h5 small.h5 --replay
            """)
    @Argument(help: "Checkpoint file.") var input: String
    @Argument(help: "New file.") var output: String
    @Flag(help: "Omit the replay.") var replay = false
    @Flag(help: "Omit the optimiser.") var optimizer = false
    @Flag(help: "Omit everything except the network, the configuration and the counters.") var allButPolicy = false
    @Flag(help: "Replace an existing output file.") var force = false

    func validate() throws {
        if !replay, !optimizer, !allButPolicy {
            throw ValidationError("Specify what to omit: --replay, --optimizer or --all-but-policy.")
        }
    }

    func run() throws {
        try perform {
            let source = try fileURL(input, "INPUT")
            let target = try OutputFile(output, "OUTPUT", overwriting: force).url
            let stripped = try CheckpointConverter.strip(
                source, to: target, replay: replay, optimizer: optimizer, allButPolicy: allButPolicy,
                overwriting: force)
            let bytes = try CheckpointSummary(contentsOf: target).byteCount
            try StandardOutput.line("\(output): \(bytes) bytes, without \(stripped.joined(separator: ", "))")
        }
    }
}

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare two checkpoints.",
        discussion: """
            Prints one line per difference. Exits with 0 if the checkpoints are equal, 1 if they differ and 2 if they cannot be
            compared.

            EXAMPLES
              dqn-checkpoint diff a.h5 b.h5
              dqn-checkpoint diff a.h5 b.h5 --tolerance 1e-6
            """)
    @Argument(help: "First checkpoint file.") var first: String
    @Argument(help: "Second checkpoint file.") var second: String
    @Option(help: "Largest absolute difference of floating-point elements that counts as equal.")
    var tolerance = 0.0

    func validate() throws {
        if !(tolerance >= 0) {
            throw ValidationError("--tolerance \(tolerance) is invalid; use a number of 0 or more.")
        }
    }

    func run() throws {
        let differences: [CheckpointDifference]
        do {
            differences = try CheckpointDifference.between(
                fileURL(first, "FIRST"), fileURL(second, "SECOND"), tolerance: tolerance)
            for difference in differences {
                try StandardOutput.line("\(difference.path): \(difference.description)")
            }
        } catch {
            _ = report(error, program: "dqn-checkpoint")
            throw ExitCode(2)
        }
        if !differences.isEmpty { throw ExitCode(1) }
    }
}
