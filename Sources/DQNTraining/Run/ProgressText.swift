package import DQNSupport
internal import Foundation

extension TrainingRun.Progress {
    /// The progress as a line of a terminal: the step and the time left come first if there is little room.
    package var line: FittedLine {
        var line = FittedLine()
        line.append("step \(agentSteps)/\(totalSteps)", rank: 0)
        line.append("\(Int(min(stepsPerSecond.rounded(), 1e15))) steps/s", rank: 3)
        line.append("return \(meanReturn.isNaN ? "-" : String(format: "%.1f", meanReturn))", rank: 2)
        if let epsilon { line.append(String(format: "epsilon %.3f", epsilon), rank: 5) }
        if let secondsLeft {
            line.append(
                "\(TimeSpan(seconds: max(secondsLeft, 0))) left\(endsByTimeLimit ? " (time limit)" : "")", rank: 1)
        }
        if let evaluation {
            line.append(
                "evaluating: \(evaluation.episodes)/\(evaluation.totalEpisodes) episodes, \(evaluation.steps) steps",
                rank: 4)
        }
        return line
    }
}

/// Lines about a long evaluation for a log, which would otherwise look like that of a run that hangs.
package struct EvaluationLines {
    private let interval: Duration
    private var last = ContinuousClock.now

    /// Creates a source of lines.
    ///
    /// - Parameter interval: the time between two lines, and before the first one of an evaluation.
    package init(every interval: Duration = .seconds(60)) { self.interval = interval }

    /// Returns a line if an evaluation runs and the last line was long enough ago.
    package mutating func line(_ progress: TrainingRun.Progress) -> String? {
        let now = ContinuousClock.now
        guard let evaluation = progress.evaluation else {
            last = now
            return nil
        }
        guard now - last > interval else { return nil }
        last = now
        return "step \(evaluation.agentSteps): the evaluation has played \(evaluation.episodes) of "
            + "\(evaluation.totalEpisodes) episodes, \(evaluation.steps) steps so far"
    }
}
