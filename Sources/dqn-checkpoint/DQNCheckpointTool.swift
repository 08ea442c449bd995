import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import Foundation

@main
struct DQNCheckpointTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dqn-checkpoint",
        abstract: "Shows, lists, verifies, repairs, compares, converts, strips and plots checkpoints.",
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
              dqn-checkpoint plot runs/seed-* -o curve.svg

            Exit codes: 0 done, 1 failed (diff: different), 2 diff could not compare, 64 usage,
            65 malformed checkpoint, 66 missing input.
            """,
        version: "0.1.0",
        subcommands: [
            Show.self, List.self, Verify.self, Repair.self, Diff.self, Convert.self, Strip.self, Plot.self,
            IsolatedVerify.self, IsolatedRepair.self,
        ])
}

/// Runs a subcommand's work, turning errors into a line and an exit code.
func perform(_ work: () throws -> Void) throws {
    do { try work() } catch let code as ExitCode { throw code } catch { throw report(error, program: "dqn-checkpoint") }
}

struct Strip: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a smaller copy; it plays, but cannot be resumed.")
    @Argument(help: "The checkpoint.") var input: String
    @Argument(help: "The new file.") var output: String
    @Flag(help: "Leave the replay out.") var replay = false
    @Flag(help: "Leave the optimiser out.") var optimizer = false
    @Flag(help: "Leave everything out but network, configuration and counters.") var allButPolicy = false
    @Flag(help: "Replace the output if it exists.") var force = false

    func validate() throws {
        if !replay, !optimizer, !allButPolicy {
            throw ValidationError("Say what to leave out: --replay, --optimizer or --all-but-policy.")
        }
    }

    func run() throws {
        try perform {
            let source = URL(fileURLWithPath: input).standardizedFileURL
            let target = URL(fileURLWithPath: output).standardizedFileURL
            let checkpoint = try Checkpoint(contentsOf: source)
            let stripped = checkpoint.stripped(replay: replay, optimizer: optimizer, allButPolicy: allButPolicy)
            try stripped.write(to: target, overwriting: force)
            let bytes = try CheckpointSummary(contentsOf: target).byteCount
            print("\(output): \(bytes) bytes, without \(stripped.stripped.joined(separator: ", "))")
        }
    }
}

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compares two checkpoints: 0 same, 1 different, 2 error.")
    @Argument(help: "The first checkpoint.") var first: String
    @Argument(help: "The second checkpoint.") var second: String
    @Option(help: "Largest absolute difference of floating-point elements that counts as the same.")
    var tolerance = 0.0

    func validate() throws {
        if !(tolerance >= 0) {
            throw ValidationError("--tolerance \(tolerance) is negative or no number; use 0 or more.")
        }
    }

    func run() throws {
        let differences: [CheckpointDifference]
        do {
            differences = try CheckpointDifference.between(
                URL(fileURLWithPath: first), URL(fileURLWithPath: second), tolerance: tolerance)
        } catch {
            _ = report(error, program: "dqn-checkpoint")
            throw ExitCode(2)
        }
        for difference in differences { print("\(difference.path): \(difference.description)") }
        if !differences.isEmpty { throw ExitCode(1) }
    }
}
