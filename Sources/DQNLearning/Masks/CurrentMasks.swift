internal import DQNCheckpoint
internal import DQNModel

/// The action masks of the newest observation of each environment of a worker.
struct CurrentMasks {
    private var masks: [[Bool]?]

    /// Restores the masks of a worker's stored observations; a new worker has none.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if a mask does not have one entry per action.
    init(_ context: LearnerContext) throws(ModelError) {
        let count = context.configuration.environmentsPerWorker
        masks = Array(repeating: nil, count: count)
        guard let state = context.state else { return }
        let stored = [state.actionMask] + state.additionalEnvironments.map(\.actionMask)
        for (environment, mask) in stored.prefix(count).enumerated() {
            guard let mask else { continue }
            guard mask.count == context.architecture.actionCount else {
                throw .invalid(
                    "The stored action mask has \(mask.count) entries, but there are "
                        + "\(context.architecture.actionCount) actions.")
            }
            // Zeros alone restrict nothing: see docs/format.md.
            masks[environment] = mask.contains { $0 != 0 } ? mask.map { $0 != 0 } : nil
        }
    }

    /// Whether each action is allowed at an environment's newest observation; `nil` if all are.
    subscript(environment: Int) -> [Bool]? {
        get { masks[environment] }
        set { masks[environment] = newValue }
    }
}
