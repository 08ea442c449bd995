internal import DQNCheckpoint
internal import DQNLearning
internal import DQNReport
internal import DQNSupport
internal import Foundation

/// A run as a screen of text: how far it is, its figures, its workers and its learning curve.
package struct Dashboard {
    /// Lines of workers that are shown at most.
    private static let mostWorkers = 8
    private static let column = 26

    private let title: String
    private let progress: TrainingRun.Progress
    /// The newest values of metrics, of which some have none in most rows.
    private let newest: [String: Double]
    private let workers: [(index: Int, values: [String: Double])]
    private let curves: [[(x: Double, y: Double)]]
    private let best: Evaluation?
    private let counters: Counters

    /// Describes a run at this moment.
    package init(_ run: TrainingRun, _ progress: TrainingRun.Progress) {
        let configuration = run.trainer.configuration
        title = "\(configuration.environment)  \(configuration.method)  \(run.directory.url.path)"
        self.progress = progress
        workers = run.latestWorkers
        best = run.trainer.bestEvaluation
        counters = run.trainer.counters
        let history = run.trainer.history
        newest = history.columns.compactMapValues { $0.last { !$0.isNaN } }
        let steps = history.agentSteps.map(Double.init)
        curves = [Metric.trainingReturn, Metric.evaluationReturn].map { name in
            zip(steps, history.columns[name] ?? []).filter { $1.isFinite }.map { (x: $0, y: $1) }
        }
    }

    /// Returns the lines of a screen, none of them wider than it.
    package func lines(columns: Int, rows: Int) -> [String] {
        var lines = [title, bar(columns)] + (rows > 10 ? [""] : []) + figures(columns)
        let shown = workerLines
        // The curve is worth more than the workers.
        if lines.count + shown.count + 8 <= rows { lines += [""] + shown }
        let curve = TerminalCurve.lines(
            [curves[0]], marked: curves[1], columns: columns, rows: min(rows - lines.count - 2, 32))
        if !curve.isEmpty {
            lines += ["", "mean return against agent steps: training (line), evaluations (●)"] + curve
        }
        return lines.prefix(rows).map { PrintableText.prefix(of: PrintableText.escaped($0), columns: columns) }
    }

    private func bar(_ columns: Int) -> String {
        let share = min(max(Double(progress.agentSteps) / Double(max(progress.totalSteps, 1)), 0), 1)
        let left = progress.secondsLeft.map {
            "  \(TimeSpan(seconds: max($0, 0))) left\(progress.endsByTimeLimit ? " (time limit)" : "")"
        }
        let text =
            " \(Int(share * 100)) %  step \(Self.grouped(progress.agentSteps)) of "
            + "\(Self.grouped(progress.totalSteps))\(left ?? "")"
        let width = min(max(columns - text.count - 2, 0), 40)
        guard width >= 5 else { return String(text.dropFirst()) }
        let filled = Int(share * Double(width))
        return "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled) + "]" + text
    }

    /// The figures, in as many columns as fit; on a narrow screen as many as fit on each line.
    private func figures(_ columns: Int) -> [String] {
        var items: [(String, String)] = [
            ("steps/s", Self.grouped(Int(min(progress.stepsPerSecond.rounded(), 1e15)))),
            ("return", Self.text(progress.meanReturn)),
        ]
        if let epsilon = progress.epsilon { items.append(("epsilon", String(format: "%.3f", epsilon))) }
        for (name, key) in [
            ("loss", "train/loss"), ("Q", "train/q_mean"), ("V", "train/value_mean"), ("entropy", "train/entropy"),
            ("learning rate", "train/learning_rate"),
        ] {
            if let value = newest[key] { items.append((name, Self.text(value))) }
        }
        items.append(("episodes", Self.grouped(counters.episodes)))
        items.append(("updates", Self.grouped(counters.gradientUpdates)))
        if let evaluation = progress.lastEvaluation {
            items.append(("evaluation", Self.text(evaluation.meanReturn)))
        }
        if let best { items.append(("best", "\(Self.text(best.meanReturn)) at \(Self.grouped(best.agentSteps))")) }
        if let running = progress.evaluation {
            items.append(("evaluating", "\(running.episodes) of \(running.totalEpisodes)"))
        }
        if let checkpoint = progress.lastCheckpoint { items.append(("saved", checkpoint.lastPathComponent)) }
        let texts = items.map { "\($0.0) \($0.1)" }
        let perLine = columns / Self.column
        if perLine < 2 {
            return texts.reduce(into: [String]()) { lines, text in
                if let last = lines.last, last.count + 2 + text.count <= columns {
                    lines[lines.count - 1] += "  " + text
                } else {
                    lines.append(text)
                }
            }
        }
        let cells = texts.map { Self.padded($0, Self.column) }
        return stride(from: 0, to: cells.count, by: perLine).map { start in
            cells[start..<min(start + perLine, cells.count)].joined()
        }
    }

    private var workerLines: [String] {
        guard workers.count > 1 else { return [] }
        let names = ["timesteps", "fps", "ep_rew_mean", "n_updates", "staleness", "exploration_rate"]
        let heads = ["steps", "steps/s", "return", "updates", "staleness", "epsilon"]
        let rows = workers.prefix(Self.mostWorkers).map { worker in
            [String(worker.index)] + names.map { worker.values["worker/\($0)"].map(Self.text) ?? "-" }
        }
        let rest = workers.count - rows.count
        return ([["worker"] + heads] + rows).map { $0.map { Self.padded($0, 11) }.joined() }
            + (rest > 0 ? ["… and \(rest) more workers"] : [])
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 1))
    }

    private static func text(_ value: Double) -> String {
        if value.isNaN { return "-" }
        return value == value.rounded() && abs(value) < 1e15 ? grouped(Int(value)) : String(format: "%.4g", value)
    }

    /// Digits in groups of three.
    private static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }
}
