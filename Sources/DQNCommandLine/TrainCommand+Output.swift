import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNEnvironments
import DQNLearning
internal import DQNModel
internal import DQNSupport
import DQNTraining
import Foundation

/// Returns the exit code of a training error.
func exitCode(of error: any Error) -> ExitCode? {
    guard let error = error as? TrainingError else { return nil }
    if (error.underlying as? EnvironmentError)?.code == .notAllowed { return .environmentNotAllowed }
    return switch error.code {
    case .invalidConfiguration: .usage
    case .missingFile, .nothingToResume: .missingInput
    default: .runtimeFailure
    }
}

/// The document that `--json` prints at the end of a run.
private struct Summary: Encodable {
    var directory: String
    var outcome: TrainingRun.Outcome
    /// Whether a resumed run had nothing to do.
    var nothing_to_do: Bool
    var agent_steps: Int
    var gradient_updates: Int
    var episodes: Int
    var checkpoint: String?
    var best_evaluation: EvaluationOutput?
    var seconds: Double
    /// The signal's name or `time_limit`; absent unless the outcome is `interrupted`.
    var interrupted_by: String?
}

extension TrainCommand {
    /// Trains to the end and shows the progress. Throws exit code 130 if a signal or the time limit ends the run.
    func train(_ run: TrainingRun, as program: String) throws {
        let first = run.trainer.counters.agentSteps
        let start = ContinuousClock().now
        let showsProgress = !quiet && ProgressLine.isAvailable
        var evaluationLines = EvaluationLines()
        run.ending.takeSaveRequest = { Interruption.takeSaveRequest() != nil }
        var isAnnounced = quiet
        let outcome = try run.run {
            guard let signal = Interruption.endingSignal else { return false }
            if !isAnnounced {
                isAnnounced = true
                ProgressLine.clear()
                writeError("\(signal.name): the run stops and saves; another signal ends it at once")
            }
            return true
        } onProgress: { progress in
            if showsProgress {
                ProgressLine.show(progress.line)
            } else if !quiet, let line = evaluationLines.line(progress) {
                writeError(line)
            }
        }
        ProgressLine.clear()
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        do { try printSummary(of: run, outcome, from: first, seconds) } catch {
            let code = report(error, program: program)
            if let checkpoint = run.lastCheckpoint { writeError("the run is saved: \(checkpoint.path)") }
            // A scheduler decides by this code whether to start the run again.
            throw outcome == .interrupted ? .interrupted : code
        }
        if outcome == .interrupted { throw ExitCode.interrupted }
    }

    private func printSummary(
        of run: TrainingRun, _ outcome: TrainingRun.Outcome, from first: Int, _ seconds: Double
    ) throws {
        let (counters, best) = (run.trainer.counters, run.trainer.bestEvaluation)
        if json {
            return try printJSON(
                Summary(
                    directory: run.directory.url.path, outcome: outcome,
                    nothing_to_do: run.idleReason != nil, agent_steps: counters.agentSteps,
                    gradient_updates: counters.gradientUpdates, episodes: counters.episodes,
                    checkpoint: run.lastCheckpoint?.path, best_evaluation: best.map(EvaluationOutput.init),
                    seconds: seconds,
                    interrupted_by: outcome == .interrupted ? Interruption.endingSignal?.name ?? "time_limit" : nil))
        }
        // A service may have no output. That is no failure of its run.
        if quiet || StandardOutput.isClosed { return }
        let steps = counters.agentSteps
        let rate = Int(min((Double(steps - first) / max(seconds, 1e-9)).rounded(), 1e15))
        let isIdle = run.idleReason != nil
        try StandardOutput.line(
            isIdle
                ? "nothing to do at step \(steps)"
                : "\(Self.words(outcome)) at step \(steps) after \(TimeSpan(seconds: seconds)) (\(rate) steps/s)")
        if let best {
            try StandardOutput.line(
                "best evaluation \(String(format: "%.2f", best.meanReturn)) at step \(best.agentSteps)")
        }
        if let checkpoint = run.lastCheckpoint {
            try StandardOutput.line("\(isIdle ? "newest checkpoint" : "saved") \(checkpoint.path)")
        }
    }

    private static func words(_ outcome: TrainingRun.Outcome) -> String {
        switch outcome {
        case .completed: "done"
        case .reachedTarget: "target return reached"
        case .interrupted: Interruption.isRequested ? "interrupted" : "time limit reached"
        }
    }
}
