internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel

extension WorkerEnvironment {
    /// Restores the episode from its worker's stored state; returns `false` if it cannot continue.
    func restore(from state: WorkerState) throws -> Bool {
        guard state.hasEpisode(of: index) else { return false }
        if index == 0 {
            guard let snapshot = state.environment, let observation = state.observation else { return false }
            return try restore(
                snapshot, observation: observation, episodeReturn: state.episodeReturn,
                episodeLength: state.episodeLength)
        }
        let others = state.additionalEnvironments
        guard others.indices.contains(index - 1), let snapshot = others[index - 1].environment,
            let observation = others[index - 1].observation
        else { return false }
        return try restore(
            snapshot, observation: observation, episodeReturn: others[index - 1].episodeReturn,
            episodeLength: others[index - 1].episodeLength)
    }

    /// The mask of the newest observation, as checkpoints store it.
    private var storedMask: [UInt8]? { mask.map { $0.map { $0 ? 1 : 0 } } }

    /// Writes environment, observation and episode into the worker's state.
    ///
    /// - Throws: the environment's error if it cannot return its state; the rest has been written then.
    func save(into state: inout WorkerState) throws {
        guard index > 0 else {
            state.observation = observation
            state.actionMask = storedMask
            state.episodeReturn = episodeReturn
            state.episodeLength = episodeLength
            state.environment = try snapshot()
            return
        }
        state.additionalEnvironments.append(
            SubEnvironmentState(
                observation: observation, actionMask: storedMask, episodeReturn: episodeReturn,
                episodeLength: episodeLength))
        state.additionalEnvironments[index - 1].environment = try snapshot()
    }
}
