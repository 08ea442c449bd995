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
    /// - Parameter configuration: The run's settings.
    /// - Parameter layout: The positions of the parameters.
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
        save(optimizer, slots: optimizer.slotValues, into: &values)
    }

    /// Adds the same arrays, with copies of the slots in reused memory.
    static func save(
        _ optimizer: Optimizer, _ copies: [String: SlabCopies], into values: inout [String: StateSnapshot.Value]
    ) {
        save(optimizer, slots: copies.mapValues { $0.next() }, into: &values)
    }

    private static func save(
        _ optimizer: Optimizer, slots: [String: [Float]], into values: inout [String: StateSnapshot.Value]
    ) {
        values["optimizer_steps"] = .int64([Int64(optimizer.stepCount)])
        for (name, slot) in slots { values[prefix + name] = .float32(slot) }
    }

    /// Returns a source of copies for each slot, whose memory is ready; none without an optimiser.
    ///
    /// The saver holds the last copy while the next one is made.
    static func preparedCopies(of optimizer: Optimizer?) -> [String: SlabCopies] {
        let copies = optimizer?.slotCopies(keeping: 2) ?? [:]
        for copy in copies.values { copy.prepare() }
        return copies
    }
}
