internal import DQNCheckpoint
internal import DQNModel

extension WorkerState {
    /// Returns the replay of one of the worker's environments.
    func replay(of environment: Int) -> ReplaySnapshot? {
        if environment == 0 { return replay }
        let others = additionalEnvironments
        return others.indices.contains(environment - 1) ? others[environment - 1].replay : nil
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
