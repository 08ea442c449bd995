internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Preset {
    /// CleanRL's settings of `pqn`, with eight environments instead of four and a shorter rollout.
    func applyPQN(to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification) {
        configuration.network = "mlp:120,84+norm"
        configuration.initialization = .orthogonal
        configuration.environmentsPerWorker = 8
        configuration.segmentLength = 32
        configuration.epochs = 4
        configuration.minibatches = 4
        configuration.returnLambda = 0.65
        configuration.learningRate = 1e-3
        configuration.learningRateFinal = 0
        configuration.optimizer = .adam()
        configuration.maximumGradientNorm = 10
        configuration.loss = .squared
        configuration.learningStarts = 0
        configuration.epsilonFraction = 0.3
        configuration.epsilonFinal = 0.05
        configuration.scheduleSteps = 100_000
        configuration.evaluationInterval = 10_000
        configuration.logInterval = 5_000
        guard Self.hasPictures(environment) else { return }
        configuration.network = Self.hasLargeFrames(environment) ? "nips-cnn+norm" : "small-cnn+norm"
        // Each pass costs more than acting; four of them are no better here, unlike for vectors.
        configuration.epochs = 2
        configuration.learningRate = 2.5e-4
        if environment.id.hasPrefix("Catch") {
            configuration.learningRate = 5e-4
            configuration.scheduleSteps = 20_000
            configuration.evaluationInterval = 5_000
            configuration.evaluationEpisodes = Self.catchEpisodes
            return
        }
        configuration.epsilonFraction = 0.1
        configuration.epsilonFinal = 0.01
        configuration.scheduleSteps = 10_000_000
        configuration.evaluationInterval = 100_000
        configuration.logInterval = 10_000
    }
}
