internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel

extension ReplayLearner {
    /// The replay of each environment, new or restored.
    static func replay(
        _ context: LearnerContext, _ restored: StateSnapshot?
    ) throws(ModelError) -> ReplayStreams {
        var memories: [ReplayMemory] = []
        for environment in 0..<context.configuration.environmentsPerWorker {
            let stored = context.state?.replay(of: environment)
            guard stored != nil || context.state?.hasEpisode(of: environment) != true else {
                throw .invalid("The stored state of environment \(environment) has an episode, but no replay of it.")
            }
            memories.append(try memory(context, restored, stored))
        }
        return ReplayStreams(memories)
    }

    private static func memory(
        _ context: LearnerContext, _ restored: StateSnapshot?, _ snapshot: ReplaySnapshot?
    ) throws(ModelError) -> ReplayMemory {
        let configuration = context.configuration
        let space = context.environment.observationSpace
        let largestPriority = configuration.prioritized ? try restored?.float64("largest_priority", count: 1)[0] : nil
        guard let snapshot else {
            return ReplayMemory(
                capacity: configuration.replayCapacityPerEnvironment, frame: space,
                frameStack: configuration.frameStack, nStep: configuration.nStep, discount: configuration.discount,
                prioritization: configuration.prioritization, largestPriority: largestPriority ?? 1)
        }
        return try ReplayMemory(
            restoring: snapshot, capacity: configuration.replayCapacityPerEnvironment, frame: space,
            frameStack: configuration.frameStack, nStep: configuration.nStep, discount: configuration.discount,
            prioritization: configuration.prioritization, largestPriority: largestPriority)
    }
}
