internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import Foundation

extension RunOrigin {
    /// A part of a run's state.
    enum Part: String {
        case parameters = "parameters"
        case target = "target_network"
        case optimizer = "optimizer"
        case replay = "replay"
        case environments = "environments"
        case schedule = "counters_and_schedules"
        case randomStreams = "random_streams"
        case episodes = "episodes"
        case history = "metrics_and_best_evaluation"
        case extensions = "extensions"

        /// The words for a message.
        var words: String { rawValue.replacing("_", with: " ") }
    }

    /// What a new run takes from its origin.
    package struct Report: Sendable {
        /// Parts that carry over, with a detail.
        var carried: [(part: Part, detail: String?)] = []
        /// Parts that begin anew, with a detail or the reason.
        var anew: [(part: Part, detail: String?)] = []
        /// Settings that change, with the old and the new value.
        var changes: [String: (old: JSONValue, new: JSONValue)]
    }

    /// Returns the lines that a user reads before the run starts.
    func lines(_ report: Report, _ configuration: TrainingConfiguration) -> [String] {
        func list(_ parts: [(part: Part, detail: String?)]) -> String {
            parts.map { part, detail in part.words + (detail.map { " (\($0))" } ?? "") }.joined(separator: ", ")
        }
        var lines = [
            "starts from '\(file.path)', agent step \(agentSteps)",
            "carries over: \(list(report.carried))",
            "begins anew: \(list(report.anew))",
        ]
        let changes = report.changes.sorted { $0.key < $1.key }.map { key, change in
            "\(key) from \(Self.text(change.old)) to \(Self.text(change.new))"
        }
        if !changes.isEmpty { lines.append("changes: \(changes.joined(separator: ", "))") }
        if !unknownSettings.isEmpty {
            lines.append(
                "does not apply settings that this program does not know: \(unknownSettings.joined(separator: ", "))")
        }
        if checkpoint.reachedTarget, let target = configuration.targetReturn, report.changes["target_return"] == nil {
            lines.append(
                "keeps the target return \(target), which the checkpoint's run has reached: an evaluation that reaches it "
                    + "ends the run; use --target-return or --set target_return=null to change it")
        }
        if let line = explorationLine(configuration) { lines.append(line) }
        return lines
    }

    /// A new schedule begins with random actions, which a trained policy may not need.
    private func explorationLine(_ configuration: TrainingConfiguration) -> String? {
        guard !options.continuesSchedule, let method = try? TrainingMethods.named(configuration.method),
            method.extensionOwner == nil, !method.isActorCritic
        else { return nil }
        let start = method.usesReplay && configuration.learningStarts > 0 ? 1 : configuration.epsilonStart
        guard start > configuration.epsilonFinal else { return nil }
        let starts = method.usesReplay && configuration.learningStarts > 0 ? " --set learning_starts=0" : ""
        return "explores as a new run does, with epsilon \(start) at first; to act by the policy from the start, use "
            + "--set epsilon_start=\(configuration.epsilonFinal)\(starts), or --continue-schedule"
    }

    /// The line of `lineage.jsonl`.
    func lineage(_ report: Report) -> [String: JSONValue] {
        var reasons: [String: JSONValue] = [:]
        for (part, detail) in report.anew { reasons[part.rawValue] = detail.map(JSONValue.string) ?? .null }
        return [
            "why": .string("from"),
            "path": .string(path),
            "source": .string(digest),
            "agent_steps": .integer(Int64(agentSteps)),
            "carried": .array(report.carried.map { .string($0.part.rawValue) }),
            "begins_anew": .object(reasons),
            "changed": .object(report.changes.mapValues(\.new)),
        ]
    }
}
