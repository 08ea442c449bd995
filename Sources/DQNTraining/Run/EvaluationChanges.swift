internal import DQNCheckpoint
internal import DQNLearning
package import DQNModel
internal import Foundation

/// New values of the settings that a resume may change: those of evaluations, which decide how a run is measured and when
/// it has reached its target, and the length of the schedules, which the user must name.
package struct EvaluationChanges: Sendable {
    /// Assignments `key=value`.
    package var assignments: [String]
    /// Values by key; they win over the assignments.
    package var values: [String: JSONValue]

    /// Creates changes; by default none.
    package init(assignments: [String] = [], values: [String: JSONValue] = [:]) {
        self.assignments = assignments
        self.values = values
    }

    /// Whether a resume may change a key.
    package static func allows(_ key: String) -> Bool {
        key.hasPrefix("evaluation_") || key == "target_return" || key == "schedule_steps"
    }

    /// Changes the configuration of a checkpoint, and whether it has reached its target.
    ///
    /// - Returns: the keys that changed, with the old and the new value; a checkpoint without any stays as it is.
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) for an invalid value, and for a key that a resume cannot
    ///   change.
    func apply(to checkpoint: inout Checkpoint) throws(TrainingError) -> [String: (old: JSONValue, new: JSONValue)] {
        guard !assignments.isEmpty || !values.isEmpty else { return [:] }
        var configuration = try TrainingConfiguration(json: checkpoint.configuration)
        let changes = try apply(to: &configuration)
        if changes.isEmpty { return [:] }
        let step = checkpoint.counters.agentSteps
        guard changes["schedule_steps"] == nil || configuration.scheduleSteps > step else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The run has taken \(step) agent steps, so a schedule of --schedule-steps "
                    + "\(configuration.scheduleSteps) would be over; use more than \(step).")
        }
        checkpoint.configuration = configuration.json
        if changes["target_return"] != nil {
            // The evaluation of the checkpoint's own step decides, if there is one.
            let mean = checkpoint.evaluation?.meanReturn
            checkpoint.reachedTarget =
                configuration.targetReturn.map { target in mean.map { $0 >= target } ?? false }
                ?? false
        }
        return changes
    }

    /// Changes a configuration.
    ///
    /// - Returns: the keys that changed, with the old and the new value.
    /// - Throws: as the other method.
    @discardableResult
    func apply(
        to configuration: inout TrainingConfiguration
    ) throws(TrainingError) -> [String: (old: JSONValue, new: JSONValue)] {
        let before = configuration
        for assignment in assignments { try configuration.set(assignment) }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { try configuration.set(key, to: value) }
        var changes: [String: (old: JSONValue, new: JSONValue)] = [:]
        for key in ConfigurationKey.all.map(\.name) {
            guard let old = before.json[key], let new = configuration.json[key], old != new else { continue }
            changes[key] = (old, new)
        }
        if let key = changes.keys.sorted().first(where: { !Self.allows($0) }) {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "A resumed run keeps its '\(key)'; only the keys evaluation_…, target_return and schedule_steps "
                    + "may change. Start a new run with --from to change others.")
        }
        return changes
    }

    /// Describes what another length of the schedules means at the step of the resume.
    static func scheduleLines(
        _ changes: [String: (old: JSONValue, new: JSONValue)], _ configuration: TrainingConfiguration, at step: Int
    ) -> [String] {
        guard let old = changes["schedule_steps"]?.old.integerValue else { return [] }
        var before = configuration
        before.scheduleSteps = Int(old)
        func text(_ value: Double) -> String { String(format: "%.4g", value) }
        let rates =
            "learning rate \(text(configuration.learningRate(at: step))) instead of "
            + text(before.learningRate(at: step))
        let usesEpsilon = (try? TrainingMethods.named(configuration.method).isActorCritic) == false
        let epsilons =
            "epsilon \(text(configuration.scheduledEpsilon(at: step))) instead of "
            + text(before.scheduledEpsilon(at: step))
        return ["with the new schedule, agent step \(step) has " + (usesEpsilon ? "\(rates), \(epsilons)" : rates)]
    }
}

extension TrainingConfiguration {
    /// ε of the schedule, without the values that workers draw or are dealt.
    fileprivate func scheduledEpsilon(at step: Int) -> Double {
        LinearSchedule(from: epsilonStart, to: epsilonFinal, over: Double(scheduleSteps) * epsilonFraction)
            .value(at: step)
    }
}
