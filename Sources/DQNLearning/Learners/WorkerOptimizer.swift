public import DQNModel
public import DQNNetwork

/// The optimiser of one worker alone, where `shared_statistics` is off, as part of its learner's state.
///
/// It computes on its worker's thread alone: runs of several workers have one compute thread a worker.
///
/// What ``make(_:layout:_:)`` gives goes to ``ParameterStore/push(_:learningRate:scale:statistics:)`` as it is.
public enum OwnStatistics {
    private static let prefix = "optimizer."

    /// Makes or restores the optimiser; `nil` where all workers share one.
    ///
    /// - Parameter restored: the learner's stored arrays, if there are any; see ``LearnerContext/restored(version:)``.
    /// - Throws: `ModelError` or `NetworkError` when they hold no state of this optimiser.
    public static func make(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, _ restored: StateSnapshot?
    ) throws -> Optimizer? {
        guard !configuration.sharesStatistics else { return nil }
        guard let restored else { return Optimizer(configuration.optimizer, layout: layout) }
        var slots: [String: [Float]] = [:]
        for (name, value) in restored.values where name.hasPrefix(prefix) {
            if case .float32(let values) = value { slots[String(name.dropFirst(prefix.count))] = values }
        }
        return try Optimizer(
            configuration.optimizer, layout: layout,
            stepCount: Int(try restored.int64("optimizer_steps", count: 1)[0]), slots: slots)
    }

    /// Adds the optimiser's state to a learner's, under `optimizer_steps` and names that begin with `optimizer.`.
    public static func save(_ optimizer: Optimizer, into values: inout [String: StateSnapshot.Value]) {
        values["optimizer_steps"] = .int64([Int64(optimizer.stepCount)])
        for (name, slot) in optimizer.slotValues { values[prefix + name] = .float32(slot) }
    }
}
