import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNTraining

/// The options that choose a state to start from.
struct OriginArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Start a new run from this checkpoint or run, with any setting changed.", valueName: "path"))
    var from: String?
    @Option(
        help: ArgumentHelp(
            "Checkpoint of the run of --from or --resume: latest, best or a number of agent steps. (default: latest)",
            valueName: "which"))
    var which: String?
    @Flag(help: "With --from: take the parameters alone, without target network, optimiser state and replay.")
    var policyOnly = false
    @Flag(help: "With --from: continue the checkpoint's counters and schedules instead of beginning at step 0.")
    var continueSchedule = false

    /// The chosen checkpoint; `nil` without `--which`.
    var selection: CheckpointSelection? { which.flatMap(CheckpointSelection.init) }

    /// The checkpoint that a resume continues from.
    var resumeSelection: CheckpointSelection { selection ?? .latest }

    /// Checks the combination with `--resume`.
    func validate(resumes: Bool) throws {
        if resumes, from != nil {
            throw ValidationError(
                "--from starts a new run, and --resume continues one; use --from with --out, or --resume alone.")
        }
        if which != nil, from == nil, !resumes {
            throw ValidationError("--which requires --from or --resume, whose checkpoint it chooses.")
        }
        if let which, selection == nil {
            throw ValidationError("--which \(which) is invalid; use latest, best or a number of agent steps.")
        }
        let flags = [("--policy-only", policyOnly), ("--continue-schedule", continueSchedule)]
        if let (flag, _) = flags.first(where: \.1), from == nil {
            throw ValidationError("\(flag) requires --from, which starts a new run from a checkpoint.")
        }
    }

    /// Reads the checkpoint of `--from`, if there is one.
    func origin(notice: (String) -> Void) throws -> RunOrigin? {
        guard let from else { return nil }
        var options = RunOrigin.Options()
        options.which = selection
        options.policyOnly = policyOnly
        options.continuesSchedule = continueSchedule
        return try RunOrigin(fileURL(from, "--from"), as: from, options, notice: notice)
    }
}
