internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Preset {
    /// This project's own settings.
    func applyDefault(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod
    ) {
        if !method.usesReplay { return applySegments(to: &configuration, environment, method) }
        switch (Self.task(of: environment), environment.observationSpace.shape.count) {
        case ("CartPole-v1", _): applyCartPole(to: &configuration, method)
        case ("Catch84-v0", _): applyCatch(to: &configuration)
        case (_, 1): break
        case (_, _) where Self.hasLargeFrames(environment): applyPixels(to: &configuration)
        default: configuration.network = "small-cnn"
        }
    }

    /// Tuned on seeds 0–29: a slowly moving target (a refresh of 1 % each step), Double, the squared error, and a learning
    /// rate that falls to 0, so that the last weights are as good as the best.
    private func applyCartPole(to configuration: inout TrainingConfiguration, _ method: any TrainingMethod) {
        configuration.learningRate = 1e-3
        configuration.learningRateFinal = 0
        configuration.batchSize = 64
        configuration.replayCapacity = 100_000
        configuration.learningStarts = 1_000
        configuration.targetInterval = 1
        configuration.targetRate = 0.01
        configuration.trainInterval = 4
        configuration.gradientSteps = 2
        configuration.epsilonFraction = 0.16
        configuration.epsilonFinal = 0.04
        configuration.doubleDQN = true
        configuration.loss = .squared
        guard method.allowsSeveralWorkers else { return }
        // As fast a target in a tenth of the refreshes: each of them is copied by every worker.
        configuration.targetInterval = 10
        configuration.targetRate = 0.1
    }

    /// A game so small that a twentieth of Atari's steps is plenty.
    private func applyCatch(to configuration: inout TrainingConfiguration) {
        configuration.network = "nips-cnn"
        configuration.learningRate = 5e-4
        configuration.batchSize = 32
        configuration.replayCapacity = 20_000
        configuration.learningStarts = 500
        configuration.targetInterval = 500
        configuration.scheduleSteps = 20_000
        configuration.evaluationInterval = 2_000
        configuration.evaluationEpisodes = Self.catchEpisodes
    }

    /// Episodes of nine steps cost little, and ten of them may all be the easy ones.
    static let catchEpisodes = 100

    /// Frames as Atari's: the settings of Mnih 2015 with Adam, scaled to a replay that fits a desktop's memory.
    private func applyPixels(to configuration: inout TrainingConfiguration) {
        configuration.network = "nature-cnn"
        configuration.learningRate = 1e-4
        configuration.batchSize = 32
        configuration.replayCapacity = 100_000
        configuration.targetInterval = 1_000
    }
}
