internal import DQNCheckpoint
internal import DQNLearning

/// The whole state at a step boundary, of which the workers' part may be elsewhere until it is needed.
///
/// An evaluated step's state is held until its evaluation is known, and is then mostly not saved. With workers in other
/// processes their replays would travel for nothing.
struct HeldCheckpoint: Sendable {
    /// Everything but the states of the workers.
    var checkpoint: Checkpoint
    /// The warnings of the run, if they have changed since.
    var health: RunHealth?
    private let workers: HeldStates
    private let method: any TrainingMethod

    init(_ checkpoint: Checkpoint, _ workers: HeldStates, _ method: any TrainingMethod) {
        self.checkpoint = checkpoint
        self.workers = workers
        self.method = method
    }

    /// Returns the state with that of the workers.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) if their states are lost with what ends the run.
    func whole() throws(TrainingError) -> Checkpoint {
        var whole = checkpoint
        whole.workers = try workers.fetch()
        whole.moveLearners(of: method)
        if let health {
            whole.extensions =
                whole.extensions.filter { $0.owner != RunHealth.owner } + [health.group].compactMap(\.self)
        }
        return whole
    }
}
