package import DQNCheckpoint
internal import DQNModel

extension WorkerState {
    /// Returns the replay of one of the worker's environments.
    func replay(of environment: Int) -> ReplaySnapshot? {
        if environment == 0 { return replay }
        let others = additionalEnvironments
        return others.indices.contains(environment - 1) ? others[environment - 1].replay : nil
    }

    /// Whether the stored episode of one of the worker's environments continues: the environment has a state, and is not
    /// lost.
    package func hasEpisode(of environment: Int) -> Bool {
        let others = additionalEnvironments
        if environment == 0 {
            // The state of an abandoned worker with several environments names those that are lost.
            let isLost = status == .abandoned && others.isEmpty
            return !isLost && self.environment != nil && observation != nil
        }
        guard others.indices.contains(environment - 1) else { return false }
        return others[environment - 1].environment != nil && others[environment - 1].observation != nil
    }

    /// Sets the replays of the worker's environments, in index order.
    mutating func setReplays(_ replays: [ReplaySnapshot]) {
        replay = replays[0]
        for environment in 1..<replays.count {
            while additionalEnvironments.count < environment { additionalEnvironments.append(SubEnvironmentState()) }
            additionalEnvironments[environment - 1].replay = replays[environment]
        }
    }
}
