import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNLearning
internal import DQNModel
import DQNTraining
import Foundation

/// Returns the exit code of a training error.
func exitCode(of error: any Error) -> ExitCode? {
    guard let error = error as? TrainingError else { return nil }
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
    var agent_steps: Int
    var gradient_updates: Int
    var episodes: Int
    var checkpoint: String?
    var best_evaluation: EvaluationOutput?
    var seconds: Double
}

extension DQNTrain {
    /// Trains to the end and shows the progress. Throws exit code 130 if a signal interrupts the run.
    func train(_ run: TrainingRun) throws {
        let first = run.trainer.counters.agentSteps
        let start = ContinuousClock().now
        let showsProgress = !quiet && ProgressLine.isAvailable
        var lastEvaluationLine = start
        let outcome = try run.run(isInterrupted: { Interruption.isRequested }) { progress in
            if showsProgress { return ProgressLine.show(Self.line(progress)) }
            guard let evaluation = progress.evaluation else {
                lastEvaluationLine = .now
                return
            }
            // Without a terminal, a long evaluation would look like a run that hangs.
            if !quiet, ContinuousClock.now - lastEvaluationLine > Self.evaluationLineInterval {
                lastEvaluationLine = .now
                writeError("step \(evaluation.agentSteps): \(Self.line(evaluation))")
            }
        }
        ProgressLine.clear()
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        do { try printSummary(of: run, outcome, from: first, seconds) } catch {
            let code = report(error, program: "dqn-train")
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
                    directory: run.directory.url.path, outcome: outcome, agent_steps: counters.agentSteps,
                    gradient_updates: counters.gradientUpdates, episodes: counters.episodes,
                    checkpoint: run.lastCheckpoint?.path, best_evaluation: best.map(EvaluationOutput.init),
                    seconds: seconds))
        }
        if quiet { return }
        let steps = counters.agentSteps
        let rate = Double(steps - first) / max(seconds, 1e-9)
        try StandardOutput.line(
            "\(Self.words(outcome)) at step \(steps) after \(Self.duration(seconds)) (\(Int(rate)) steps/s)")
        if let best {
            try StandardOutput.line(
                "best evaluation \(String(format: "%.2f", best.meanReturn)) at step \(best.agentSteps)")
        }
        if let checkpoint = run.lastCheckpoint { try StandardOutput.line("saved \(checkpoint.path)") }
    }

    private static func words(_ outcome: TrainingRun.Outcome) -> String {
        switch outcome {
        case .completed: "done"
        case .reachedTarget: "target return reached"
        case .interrupted: "interrupted"
        }
    }

    /// Time between two lines about a running evaluation.
    private static var evaluationLineInterval: Duration {
        // Tests do not wait for a minute.
        ProcessInfo.processInfo.environment["DQN_EVALUATION_LINE_SECONDS"].flatMap(Double.init).map { .seconds($0) }
            ?? .seconds(60)
    }

    private static func line(_ evaluation: EvaluationState) -> String {
        "the evaluation has played \(evaluation.episodes) of \(evaluation.totalEpisodes) episodes, "
            + "\(evaluation.steps) steps so far"
    }

    private static func line(_ progress: TrainingRun.Progress) -> String {
        let left = Double(progress.totalSteps - progress.agentSteps) / max(progress.stepsPerSecond, 1e-9)
        let mean = progress.meanReturn.isNaN ? "–" : String(format: "%.1f", progress.meanReturn)
        return
            "step \(progress.agentSteps)/\(progress.totalSteps)  \(Int(progress.stepsPerSecond)) steps/s  return \(mean)"
            + (progress.epsilon.map { String(format: "  epsilon %.3f", $0) } ?? "") + "  \(duration(left)) left"
            + (progress.evaluation.map {
                "  evaluating: \($0.episodes)/\($0.totalEpisodes) episodes, \($0.steps) steps"
            } ?? "")
    }

    private static func duration(_ seconds: Double) -> String {
        if seconds < 60 { return String(format: "%.1f s", seconds) }
        let whole = Int(seconds)
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
