import CommandLineSupport
import DQNCheckpoint
import DQNModel
import Foundation

extension Show {
    /// The text for people: what belongs together under one heading, and the values in one column.
    func lines(_ summary: CheckpointSummary) throws -> [String] {
        var text = AlignedText()
        addFile(summary, to: &text)
        for (name, value) in try network(summary.architecture) { text.add(name, value) }
        addWarnings(summary, to: &text)
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
        addExtensions(summary, to: &text)
        return text.lines + datasets(summary).lines
    }

    private func addFile(_ summary: CheckpointSummary, to text: inout AlignedText) {
        text.add("file", file)
        text.add("format", "\(summary.version), written by \(summary.writer.name) \(summary.writer.version)")
        text.add("digest", summary.digest)
        text.add("bytes", String(summary.byteCount))
        let counters = summary.counters
        text.add("agent steps", "\(counters.agentSteps) (\(counters.frames) frames, \(counters.episodes) episodes)")
        text.add("gradient updates", "\(counters.gradientUpdates) (\(counters.targetRefreshes) target refreshes)")
        for (name, evaluation) in [("evaluation", summary.evaluation), ("best evaluation", summary.bestEvaluation)] {
            guard let evaluation else { continue }
            let mean = String(format: "%.2f ± %.2f", evaluation.meanReturn, evaluation.standardDeviation)
            text.add(name, "\(mean) over \(evaluation.episodes) episodes at step \(evaluation.agentSteps)")
        }
        if !summary.stripped.isEmpty { text.add("omitted", summary.stripped.joined(separator: ", ")) }
    }

    private func addWarnings(_ summary: CheckpointSummary, to text: inout AlignedText) {
        guard let warnings = Self.warnings(summary) else { return }
        text.addHeading("warnings")
        for (kind, warning) in warnings.texts.sorted(by: { $0.key < $1.key }) { text.add(kind, warning, level: 1) }
    }

    private func addExtensions(_ summary: CheckpointSummary, to text: inout AlignedText) {
        for group in summary.extensions where group.owner != Self.warnings(summary)?.owner {
            text.addHeading("extension \(group.owner)")
            text.add("kind", "\(group.kind), version \(group.version)", level: 1)
            if group.mustUnderstand { text.add("readers", "must support it", level: 1) }
            for (name, value) in group.texts.sorted(by: { $0.key < $1.key }) { text.add(name, value, level: 1) }
        }
    }

    private func datasets(_ summary: CheckpointSummary) -> AlignedText {
        var text = AlignedText()
        text.addHeading("datasets")
        for dataset in summary.datasets {
            text.add(
                dataset.path, "\(dataset.element.rawValue) \(dataset.shape)  \(dataset.byteCount) bytes", level: 1)
        }
        return text
    }

    /// The lines that describe a network.
    private func network(_ architecture: NetworkArchitecture) throws -> [(name: String, value: String)] {
        let shapes = try architecture.layerShapes().map { $0.map(String.init).joined(separator: "×") }
        let input = architecture.input
        let head =
            switch architecture.head {
            case .actionValues: ""
            case .dueling: " (dueling)"
            case .actorCritic: " (actor-critic)"
            case .quantiles(_, let quantiles): " (\(quantiles) quantiles of each action)"
            }
        var lines = [
            (
                name: "network",
                value: "\(input.shape.map(String.init).joined(separator: "×")) \(input.element.rawValue) → "
                    + shapes.joined(separator: " → ") + head
            )
        ]
        for (name, values) in [("input offset", architecture.inputOffset), ("input scale", architecture.inputScale)]
        where !values.isEmpty {
            lines.append((name, values.count == 1 ? "\(values[0])" : "\(values.count) values"))
        }
        if !architecture.layers.isEmpty {
            lines.append(("layers", architecture.layers.map(\.text).joined(separator: ", ")))
        }
        for stream in architecture.streams where stream.outputName != "head" {
            let layers = stream.hidden.map(\.layer.text).joined(separator: ", ")
            lines.append(
                (String(stream.outputName.prefix { $0 != "/" }) + " stream", layers.isEmpty ? "linear" : layers))
        }
        return lines
    }

    private func line(_ worker: CheckpointSummary.Worker) -> String {
        var parts = [worker.status.rawValue, worker.agentSteps.map { "\($0) agent steps" } ?? "steps not recorded"]
        if let epsilon = worker.finalEpsilon { parts.append("final epsilon \(epsilon)") }
        if worker.environments > 1 { parts.append("\(worker.environments) environments") }
        if let learner = worker.learner { parts.append("learner \(learner.kind) \(learner.version)") }
        if let replay = worker.replay { parts.append("replay \(replay.count) of \(replay.capacity)") }
        return parts.joined(separator: ", ")
    }
}
