public import DQNModel
public import DQNNetwork

/// A worker's own optimiser, which replaces the shared one if `shared_statistics` is off, as part of its learner's
/// state.
///
/// It computes on its worker's thread only: runs with several workers have one compute thread per worker.
public enum WorkerOptimizer {
    private static let prefix = "optimizer."

    /// Creates or restores the optimiser for ``ParameterStore/push(_:learningRate:scale:optimizer:pullingInto:)``.
    ///
    /// - Parameter snapshot: The learner's stored arrays, if any; see ``LearnerContext/restored(version:)``.
    /// - Returns: `nil` if all workers share one optimiser.
    /// - Throws: `ModelError` (`invalidSnapshot`) if the arrays hold no state of this optimiser.
    public static func make(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, restoring snapshot: StateSnapshot?
    ) throws(ModelError) -> Optimizer? {
        guard !configuration.sharesStatistics else { return nil }
        guard let snapshot else { return Optimizer(configuration.optimizer, layout: layout) }
        var slots: [String: [Float]] = [:]
        for (name, value) in snapshot.values where name.hasPrefix(prefix) {
            if case .float32(let values) = value { slots[String(name.dropFirst(prefix.count))] = values }
        }
        let stepCount = try snapshot.count("optimizer_steps")
        do throws(NetworkError) {
            return try Optimizer(configuration.optimizer, layout: layout, stepCount: stepCount, slots: slots)
        } catch {
            throw ModelError(code: .invalidSnapshot, message: error.message, underlying: error)
        }
    }

    /// Adds the optimiser's state to a learner's arrays, as `optimizer_steps` and names that begin with `optimizer.`.
    public static func save(_ optimizer: Optimizer, into values: inout [String: StateSnapshot.Value]) {
        values["optimizer_steps"] = .int64([Int64(optimizer.stepCount)])
        for (name, slot) in optimizer.slotValues { values[prefix + name] = .float32(slot) }
    }
}
