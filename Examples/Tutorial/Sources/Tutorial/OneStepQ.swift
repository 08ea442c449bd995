import DQN

/// Q-learning from each step alone (Watkins 1989), with the network's own values as targets.
struct OneStepQ: TrainingMethod {
    let name = "one-step-q"
    let summary = "Q-learning from each step alone"
    let allowsSeveralWorkers = false
    let usesTarget = false
    let usesReplay = false
    let isActorCritic = false
    let extensionOwner: String? = "org.example.tutorial"

    func applyDefaults(to configuration: inout TrainingConfiguration, for environment: EnvironmentSpecification) {
        configuration.network = "mlp:32"
        configuration.optimizer = .adam()
        configuration.learningRate = 1e-3
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner { try OneStepQLearner(context) }
}
