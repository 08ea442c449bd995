package import DQNCheckpoint
internal import DQNModel

// The learners' state of a plug-in is stored in the plug-in's own extension group, so that every reader can identify
// its owner. The arrays of worker 3 are named `worker-3.NAME` there.

extension Checkpoint {
    private static let prefix = "worker-"

    /// Moves the learners' state of a plug-in method into the method's extension group.
    package mutating func moveLearners(of method: any TrainingMethod) {
        guard let owner = method.extensionOwner else { return }
        var values: [String: StateSnapshot.Value] = [:]
        var version = 1
        for index in workers.indices {
            guard let learner = workers[index].learner else { continue }
            version = learner.version
            for (name, value) in learner.values { values["\(Self.prefix)\(index).\(name)"] = value }
            workers[index].learner = nil
        }
        guard !values.isEmpty else { return }
        extensions.append(
            ExtensionGroup(
                owner: owner, mustUnderstand: false,
                state: StateSnapshot(kind: method.name, version: version, values: values)))
    }

    /// Returns the workers' states, with the learners' state from the method's extension group.
    ///
    /// - Throws: ``TrainingError`` (`cannotResume`) if the group names a worker that the checkpoint does not have.
    package func workerStates(of method: any TrainingMethod) throws(TrainingError) -> [WorkerState] {
        guard let owner = method.extensionOwner, let group = extensions.first(where: { $0.owner == owner }) else {
            return workers
        }
        var states = workers
        for (name, value) in group.state.values {
            let parts = name.dropFirst(Self.prefix.count).split(separator: ".", maxSplits: 1)
            guard name.hasPrefix(Self.prefix), parts.count == 2, let index = Int(parts[0]),
                states.indices.contains(index)
            else {
                throw TrainingError(
                    code: .cannotResume,
                    message: "The checkpoint's state of '\(owner)' contains '\(name)', which belongs to none of its "
                        + "\(states.count) workers; resume from another checkpoint.")
            }
            var learner =
                states[index].learner
                ?? StateSnapshot(kind: group.state.kind, version: group.state.version, values: [:])
            learner.values[String(parts[1])] = value
            states[index].learner = learner
        }
        return states
    }
}
