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
              dqn-checkpoint show runs/cartpole
              dqn-checkpoint ls runs/cartpole
              dqn-checkpoint ls runs
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
        version: ProgramVersion.text,
        subcommands: [
            Show.self, List.self, Verify.self, Repair.self, Diff.self, Convert.self, Import.self, Export.self,
            Strip.self, Plot.self, IsolatedVerify.self, IsolatedRepair.self,
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
