import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNLearning
internal import DQNModel
import DQNTraining
import Foundation

/// The exit code of an error of the trainer; `nil` for the errors of other modules.
func exitCode(of error: any Error) -> ExitCode? {
    guard let error = error as? TrainingError else { return nil }
    return switch error.code {
    case .invalidConfiguration: .usage
    case .missingFile, .nothingToResume: .missingInput
    default: .runtimeFailure
    }
}

/// What `--json` prints at the end of a run.
private struct Summary: Encodable {
    var directory: String
    var outcome: TrainingRun.Outcome
    var agent_steps: Int
    var gradient_updates: Int
    var episodes: Int
    var checkpoint: String?
    var best: Evaluation?
    var seconds: Double
}

extension DQNTrain {
    /// Runs to the end, showing progress; ends with 130 when a signal ended the run.
    func drive(_ run: TrainingRun) throws {
        let first = run.trainer.counters.agentSteps
        let start = ContinuousClock().now
        let showsProgress = !quiet && ProgressLine.isAvailable
        let outcome = try run.run(isInterrupted: { Interruption.isRequested }) { progress in
            if showsProgress { ProgressLine.show(Self.line(progress)) }
        }
        ProgressLine.clear()
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        let trainer = run.trainer
        if json {
            try printJSON(
                Summary(
                    directory: run.directory.url.path, outcome: outcome, agent_steps: trainer.counters.agentSteps,
                    gradient_updates: trainer.counters.gradientUpdates, episodes: trainer.counters.episodes,
                    checkpoint: run.lastCheckpoint?.path, best: trainer.bestEvaluation, seconds: seconds))
        } else if !quiet {
            let steps = trainer.counters.agentSteps
            let rate = Double(steps - first) / max(seconds, 1e-9)
            print("\(Self.words(outcome)) at step \(steps) after \(Self.duration(seconds)) (\(Int(rate)) steps/s)")
            if let best = trainer.bestEvaluation {
                print(String(format: "best evaluation %.2f at step %d", best.meanReturn, best.agentSteps))
            }
            if let checkpoint = run.lastCheckpoint { print("saved \(checkpoint.path)") }
        }
        if outcome == .interrupted { throw ExitCode.interrupted }
    }

    private static func words(_ outcome: TrainingRun.Outcome) -> String {
        switch outcome {
        case .completed: "done"
        case .reachedTarget: "target return reached"
        case .interrupted: "interrupted"
        }
    }

    private static func line(_ progress: TrainingRun.Progress) -> String {
        let left = Double(progress.totalSteps - progress.agentSteps) / max(progress.stepsPerSecond, 1e-9)
        let mean = progress.meanReturn.isNaN ? "–" : String(format: "%.1f", progress.meanReturn)
        return
            "step \(progress.agentSteps)/\(progress.totalSteps)  \(Int(progress.stepsPerSecond)) steps/s  return \(mean)"
            + (progress.epsilon.map { String(format: "  epsilon %.3f", $0) } ?? "") + "  \(duration(left)) left"
    }

    private static func duration(_ seconds: Double) -> String {
        if seconds < 60 { return String(format: "%.1f s", seconds) }
        let whole = Int(seconds)
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
