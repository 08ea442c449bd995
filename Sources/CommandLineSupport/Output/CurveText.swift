internal import DQNCheckpoint
internal import DQNModel
internal import DQNReport
package import Foundation

/// The evaluations of a run so far, from the history in a checkpoint.
package struct CurveText: Encodable {
    private var agent_steps: [Int] = []
    private var mean_return: [Double] = []

    /// Reads the history of a file; `nil` if it records no evaluation, or cannot be read.
    package init?(contentsOf url: URL) {
        guard let history = (try? CheckpointHistory(contentsOf: url))?.history,
            let returns = history.columns[Metric.evaluationReturn]
        else { return nil }
        for (steps, value) in zip(history.agentSteps, returns) where value.isFinite {
            agent_steps.append(steps)
            mean_return.append(value)
        }
        if mean_return.isEmpty { return nil }
    }

    /// The curve alone.
    package func bars(columns: Int) -> String { Sparkline.text(mean_return, columns: columns) }

    /// The curve and its range.
    package var text: String {
        let range = [mean_return.min(), mean_return.max()].compactMap { $0 }.map { String(format: "%.2f", $0) }
        let count = mean_return.count == 1 ? "1 evaluation" : "\(mean_return.count.grouped) evaluations"
        return "\(bars(columns: 40))  \(range.joined(separator: " to ")) in \(count)"
    }
}
