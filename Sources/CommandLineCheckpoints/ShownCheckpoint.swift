import CommandLineSupport
import DQNCheckpoint
import DQNModel
internal import DQNSupport
import Foundation

/// What `show` knows of a file.
struct ShownCheckpoint {
    /// The file as the user named it, or where it lies in the run that the user named.
    let name: String
    let summary: CheckpointSummary
    /// The network's parameters.
    let parameters: Int
    let curve: CurveText?
    let lineage: LineageSummary?

    /// The extension group in which runs record their warnings.
    var warnings: CheckpointSummary.Extension? {
        summary.extensions.first { $0.owner == "org.swift-dqn.warnings" }
    }

    /// The text for people: what belongs together under one heading, and the values in one column.
    func lines(_ style: TextStyle) throws -> [String] {
        var text = AlignedText()
        addFile(to: &text)
        addProgress(to: &text)
        for (name, value) in try NetworkText.lines(summary.architecture) { text.add(name, value) }
        text.add("parameters", "\(parameters.grouped) (\(ByteCount(bytes: 4 * parameters)))")
        addReplay(to: &text)
        if let lineage { text.add("lineage", Self.words(lineage)) }
        addWarnings(to: &text)
        if case .object(let members) = summary.configuration {
            text.addHeading("configuration")
            for group in ConfigurationGroup.groups(of: members) {
                text.addHeading(group.title, level: 1)
                for (key, value) in group.members {
                    text.add(key, String(decoding: try value.canonicalData(), as: UTF8.self), level: 2)
                }
            }
        }
        if !summary.workers.isEmpty { text.addHeading("workers") }
        for (index, worker) in summary.workers.enumerated() { text.add("\(index)", line(worker), level: 1) }
        addExtensions(to: &text)
        return text.lines(style) + datasets.lines(style)
    }

    private func addFile(to text: inout AlignedText) {
        text.add("file", name)
        text.add("format", "\(summary.version), written by \(summary.writer.name) \(summary.writer.version)")
        text.add("digest", summary.digest)
        text.add("size", "\(ByteCount(bytes: summary.byteCount)) (\(summary.byteCount.grouped) bytes)")
        if !summary.stripped.isEmpty { text.add("omitted", summary.stripped.joined(separator: ", ")) }
        let parts = ["environment", "method", "preset"].compactMap { summary.configuration[$0]?.stringValue }
        if !parts.isEmpty { text.add("run", parts.joined(separator: ", ")) }
    }

    private func addProgress(to text: inout AlignedText) {
        let counters = summary.counters
        text.add(
            "agent steps",
            "\(counters.agentSteps.grouped) (\(counters.frames.grouped) frames, \(counters.episodes.grouped) episodes)")
        text.add(
            "gradient updates",
            "\(counters.gradientUpdates.grouped) (\(counters.targetRefreshes.grouped) target refreshes)")
        for (name, evaluation) in [("evaluation", summary.evaluation), ("best evaluation", summary.bestEvaluation)] {
            guard let evaluation else { continue }
            let mean = String(format: "%.2f ± %.2f", evaluation.meanReturn, evaluation.standardDeviation)
            text.add(name, "\(mean) over \(evaluation.episodes) episodes at step \(evaluation.agentSteps.grouped)")
        }
        if let curve { text.add("learning curve", curve.text) }
    }

    /// The fill of the replays of all workers. A worker with several environments has one for each, of which the summary
    /// has the first.
    private func addReplay(to text: inout AlignedText) {
        let replays = summary.workers.compactMap(\.replay)
        let (count, capacity) = replays.reduce((0.0, 0.0)) {
            ($0.0 + Double($1.count), $0.1 + Double($1.capacity))
        }
        guard capacity > 0 else { return }
        let share = min(count / capacity, 1)
        let bar = String(repeating: "█", count: Int(share * 20)) + String(repeating: "░", count: 20 - Int(share * 20))
        let of = replays.count == 1 ? "" : " in \(replays.count) replays"
        text.add(
            "replay",
            "\(bar) \(Int(share * 100)) % of \(Int(min(capacity, 1e18)).grouped) steps\(of)")
    }

    static func words(_ lineage: LineageSummary) -> String {
        func times(_ count: Int) -> String { count == 1 ? "once" : "\(count.grouped) times" }
        var parts = ["\(lineage.saves.grouped) \(lineage.saves == 1 ? "save" : "saves")"]
        if lineage.resumes > 0 { parts.append("resumed \(times(lineage.resumes))") }
        if lineage.returns > 0 { parts.append("returned to an earlier checkpoint \(times(lineage.returns))") }
        if let origin = lineage.origin {
            let step = origin.agentSteps.map { " at step \($0.grouped)" } ?? ""
            parts.append("started from \(origin.path)\(step)")
        }
        return parts.joined(separator: ", ")
    }

    private func addWarnings(to text: inout AlignedText) {
        guard let warnings else { return }
        text.addHeading("warnings")
        for (kind, warning) in warnings.texts.sorted(by: { $0.key < $1.key }) { text.add(kind, warning, level: 1) }
    }

    private func addExtensions(to text: inout AlignedText) {
        for group in summary.extensions where group.owner != warnings?.owner {
            text.addHeading("extension \(group.owner)")
            text.add("kind", "\(group.kind), version \(group.version)", level: 1)
            if group.mustUnderstand { text.add("readers", "must support it", level: 1) }
            for (name, value) in group.texts.sorted(by: { $0.key < $1.key }) { text.add(name, value, level: 1) }
        }
    }

    private var datasets: AlignedText {
        var text = AlignedText()
        text.addHeading("datasets")
        for dataset in summary.datasets {
            text.add(
                dataset.path, "\(dataset.element.rawValue) \(dataset.shape)  \(dataset.byteCount.grouped) bytes",
                level: 1)
        }
        return text
    }

    private func line(_ worker: CheckpointSummary.Worker) -> String {
        var parts = [
            worker.status.rawValue, worker.agentSteps.map { "\($0.grouped) agent steps" } ?? "steps not recorded",
        ]
        if let epsilon = worker.finalEpsilon { parts.append("final epsilon \(epsilon)") }
        if worker.environments > 1 { parts.append("\(worker.environments) environments") }
        if let learner = worker.learner { parts.append("learner \(learner.kind) \(learner.version)") }
        if let replay = worker.replay {
            parts.append("replay \(replay.count.grouped) of \(replay.capacity.grouped)")
        }
        return parts.joined(separator: ", ")
    }
}
