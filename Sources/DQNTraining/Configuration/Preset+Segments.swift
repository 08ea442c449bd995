internal import DQNEnvironments
internal import DQNModel
internal import DQNNetwork

extension Preset {
    /// This project's own settings of the methods without a replay (Mnih 2016).
    func applySegments(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod
    ) {
        configuration.optimizer = .rmsprop(decay: 0.99, epsilon: 0.1, centred: false)
        configuration.learningRate = 7e-4
        configuration.learningRateFinal = 0
        configuration.maximumGradientNorm = 40
        configuration.loss = .squared
        configuration.learningStarts = 0
        configuration.targetInterval = 10_000
        configuration.epsilonAssignment = .drawn
        configuration.epsilonFraction = 0.5
        configuration.scheduleSteps = 1_000_000
        configuration.evaluationInterval = 20_000
        configuration.logInterval = 10_000
        if environment.observationSpace.shape.count >= 2 {
            configuration.network = environment.observationSpace.shape[0] >= 36 ? "nips-cnn" : "small-cnn"
        }
    }
}
