internal import DQNModel

/// The snapshot layout that the classic control environments share, version 1.
struct ClassicControlState {
    var variables: [Double]
    var progress: EpisodeProgress
    var random: RandomGenerator

    /// Returns a snapshot.
    static func snapshot(
        _ kind: String, _ variables: [Double], _ progress: EpisodeProgress, _ random: RandomGenerator
    ) -> StateSnapshot {
        var values: [String: StateSnapshot.Value] = ["state": .float64(variables), "random": .uint64(random.words)]
        progress.store(in: &values)
        return StateSnapshot(kind: kind, version: 1, values: values)
    }

    /// Decodes and validates a snapshot.
    ///
    /// The bounds protect later steps from endless loops and infinities.
    /// - Parameter bounds: the largest magnitude of each variable.
    /// - Throws: `ModelError` (`invalidSnapshot`).
    init(restoring snapshot: StateSnapshot, kind: String, bounds: [Double], limit: Int) throws(ModelError) {
        try snapshot.require(kind: kind, version: 1)
        variables = try snapshot.float64("state", count: bounds.count)
        // A comparison with NaN is false, so the guard refuses it too.
        for (index, bound) in bounds.enumerated() {
            guard abs(variables[index]) <= bound else {
                throw ModelError(
                    code: .invalidSnapshot,
                    message: "Variable \(index) of a \(kind) snapshot must lie within ±\(bound); "
                        + "found \(variables[index]).")
            }
        }
        progress = try EpisodeProgress(restoring: snapshot, limit: limit)
        random = try RandomGenerator(restoring: snapshot.uint64("random", count: 4))
    }
}
