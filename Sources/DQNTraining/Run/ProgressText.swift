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

/// Lines about the progress for a log, at a steady interval. Without them, a run between two evaluations would look like one
/// that hangs.
package struct ProgressLines {
    private let interval: Duration?
    private var last = ContinuousClock.now

    /// Creates a source of lines.
    ///
    /// - Parameter interval: the time between two lines, and before the first one; `nil` for no lines.
    package init(every interval: Duration?) { self.interval = interval }

    /// Returns a line if the last one was long enough ago.
    package mutating func line(_ progress: TrainingRun.Progress) -> String? {
        let now = ContinuousClock.now
        guard let interval, now - last >= interval else { return nil }
        last = now
        return progress.line.text(columns: .max)
    }
}
