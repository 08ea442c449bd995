internal import DQNCheckpoint
internal import DQNLearning
package import DQNModel

/// New values of the settings of evaluations, the only ones that a resume may change: they decide how a run is measured
/// and when it has reached its target, not what it learns.
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
    package static func allows(_ key: String) -> Bool { key.hasPrefix("evaluation_") || key == "target_return" }

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
                message: "A resumed run keeps its '\(key)'; only the keys evaluation_… and target_return may change.")
        }
        return changes
    }
}
