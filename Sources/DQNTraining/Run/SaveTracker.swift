internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import Foundation

/// Tracks the saves of a run: which state is saved, which file may be replaced, and which saves failed.
struct SaveTracker {
    /// The newest file that was saved or resumed from.
    private(set) var lastCheckpoint: URL?
    /// The agent step whose state was last given to the saver or resumed from; `nil` once that save has failed.
    private(set) var savedStep: Int?
    /// The newest error.
    private(set) var lastError: CheckpointError?
    /// The agent step whose file the next save may replace.
    private var replaceableStep: Int?
    /// Saves of this process that have ended.
    private var endedCount = 0
    private var failedCount = 0
    private var lastDuration: Duration?
    /// Saves that the saver has taken.
    private var startedCount = 0
    /// The longest save of this process.
    private var longestDuration = Duration.zero

    /// Tracks a new run.
    init() {}

    /// Saves the first state of a new run and waits.
    ///
    /// - Throws: ``DQNCheckpoint/CheckpointError`` if the save fails.
    init(saving checkpoint: Checkpoint, with saver: ChiefSaver) throws(CheckpointError) {
        recordStart(at: checkpoint.counters.agentSteps)
        saver.save(checkpoint)
        for outcome in saver.finish() {
            if case .failure(let error) = outcome.result { throw error }
            record(outcome)
        }
    }

    /// Tracks a run that continues from a checkpoint.
    init(resumedFrom checkpoint: URL, at step: Int) {
        lastCheckpoint = checkpoint
        savedStep = step
    }

    /// Whether a save of this step may replace an existing file. That file holds an earlier state of the step, or comes
    /// from a save that failed after it had renamed its file.
    func mayReplaceFile(at step: Int) -> Bool { replaceableStep == step }

    /// Records that the saver has taken the state of a step.
    mutating func recordStart(at step: Int) {
        savedStep = step
        startedCount += 1
    }

    /// Seconds that the saves in progress and one more will take, going by the longest so far; 0 before the first one.
    var secondsForOneMore: Double {
        // One can be in progress and one queued; others have ended but are not recorded yet.
        let unfinished = min(startedCount - endedCount, 2)
        return Double(unfinished + 1) * 1.5 * (longestDuration / .seconds(1))
    }

    /// Records that the saved state of a step, if there is one, is out of date.
    mutating func invalidate(_ step: Int) {
        guard savedStep == step else { return }
        replaceableStep = step
        savedStep = nil
    }

    /// Records a save that has ended.
    mutating func record(_ outcome: ChiefSaver.Outcome) {
        lastDuration = outcome.duration
        longestDuration = max(longestDuration, outcome.duration)
        switch outcome.result {
        case .success(let receipt):
            endedCount += 1
            lastCheckpoint = receipt.url
            // Unless a later state of the step has made the saved one out of date meanwhile.
            if replaceableStep == outcome.agentSteps, savedStep == outcome.agentSteps { replaceableStep = nil }
        case .failure(let error): recordFailure(error, at: outcome.agentSteps)
        }
    }

    /// Records a save for which the workers' states could not be had.
    mutating func recordFailure(_ error: TrainingError, at step: Int) {
        startedCount += 1
        recordFailure(
            CheckpointError(code: .inputOutput, message: error.message, underlying: error), at: step)
    }

    private mutating func recordFailure(_ error: CheckpointError, at step: Int) {
        endedCount += 1
        failedCount += 1
        lastError = error
        if savedStep == step { savedStep = nil }
        if error.code != .exists { replaceableStep = step }
    }

    /// Columns of `metrics.csv`.
    var metrics: [String: Double] {
        var row = ["save/failures": Double(failedCount)]
        row["save/seconds"] = lastDuration.map { ($0 / .microseconds(1)).rounded() / 1e6 }
        return row
    }

    /// What the run has, for a message about a failed save.
    var earlierCheckpoints: String {
        lastCheckpoint == nil ? "No checkpoint has been saved." : "Earlier checkpoints are intact."
    }

    /// The error of a run with failed saves; `nil` if none has.
    ///
    /// - Parameter step: the run's last step.
    func error(at step: Int) -> TrainingError? {
        guard let lastError else { return nil }
        let message =
            savedStep == step
            ? "\(failedCount) of \(endedCount) saves failed; most recent error: \(lastError) The last state, agent step "
                + "\(step), is saved; only earlier checkpoints are missing."
            : "The last state of the run, agent step \(step), could not be saved: \(lastError) \(earlierCheckpoints)"
        return TrainingError(code: .runFailed, message: message, underlying: lastError)
    }
}
