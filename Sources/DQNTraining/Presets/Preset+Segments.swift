internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Preset {
    /// This project's settings for the methods without a replay (Mnih 2016), tuned on seeds 0–9 with two workers.
    ///
    /// They differ from the paper's because these networks are small: three times the learning rate, ε 0.01 inside the
    /// root instead of 0.1, which moves rarely updated parameters further, and a target refreshed ten times as often.
    func applySegments(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod
    ) {
        if method.name == "pqn" { return applyPQN(to: &configuration, environment) }
        configuration.network = "mlp:64,64"
        configuration.optimizer = .rmsprop(decay: 0.99, epsilon: 0.01, centred: false)
        configuration.learningRate = 2e-3
        configuration.learningRateFinal = 0
        configuration.maximumGradientNorm = 40
        configuration.loss = .squared
        configuration.learningStarts = 0
        configuration.targetInterval = 1_000
        configuration.epsilonAssignment = .dealt
        configuration.epsilonFraction = 0.3
        configuration.scheduleSteps = 500_000
        configuration.evaluationInterval = 10_000
        configuration.logInterval = 5_000
        if method.isActorCritic {
            configuration.segmentLength = 20
            configuration.optimizer.epsilon = 0.1
            // Other implementations add half of the mean squared error with a weight of 0.5.
            configuration.valueCoefficient = 0.25
        }
        if Self.baseName(of: environment) == "Acrobot-v1" { applyAcrobot(to: &configuration, method) }
        if Self.hasPictures(environment) { applyFrames(to: &configuration, environment) }
        if self == .atari && method.extensionOwner == nil { applyManyScreens(to: &configuration, method) }
    }

    private func applyAcrobot(to configuration: inout TrainingConfiguration, _ method: any TrainingMethod) {
        if method.isActorCritic {
            // With 0.01 the policy of one seed in four never finds a reward: 15 of 20 seeds solve it, with 0.1 all 20.
            configuration.entropyCoefficient = 0.1
            // With 40 the first large advantages make the policy of one seed in twenty deterministic at once.
            configuration.maximumGradientNorm = 5
        } else {
            configuration.segmentLength = 20
            configuration.optimizer.epsilon = 0.1
            // With 64 units the last policy of two seeds in ten stays in one place in some episodes.
            configuration.network = "mlp:128,128"
        }
    }

    private func applyFrames(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification
    ) {
        configuration.learningRate = 7e-4
        if environment.id.hasPrefix("Catch") {
            configuration.network = Self.hasLargeFrames(environment) ? "nips-cnn" : "small-cnn"
            configuration.optimizer.epsilon = 0.01
            configuration.segmentLength = 10
            configuration.scheduleSteps = 60_000
            configuration.evaluationInterval = 5_000
            configuration.evaluationEpisodes = Self.catchEpisodes
            return
        }
        // The settings of the paper, but for the initial parameters.
        configuration.initialization = .orthogonal
        configuration.network = Self.hasLargeFrames(environment) ? "nips-cnn" : "small-cnn"
        configuration.optimizer.epsilon = 0.1
        configuration.segmentLength = 5
        configuration.targetInterval = 10_000
        configuration.scheduleSteps = 10_000_000
        configuration.epsilonFraction = 0.1
        configuration.evaluationInterval = 100_000
        configuration.logInterval = 10_000
    }

    /// The preset `atari` for the built-in methods but `pqn`, with a few workers: an update averages over eight games, so
    /// that its gradient varies less. docs/results/learning.md has what each method learns of Pong.
    ///
    /// The methods of other packages keep one environment, because only a ``VectorLearner`` steps more.
    private func applyManyScreens(to configuration: inout TrainingConfiguration, _ method: any TrainingMethod) {
        configuration.environmentsPerWorker = 8
        configuration.scheduleSteps = 8_000_000
        configuration.learningRate = 2.5e-4
        if method.isActorCritic {
            // With A2C's RMSProp, whose ε is 400 times the mean square of the gradients, the policy of Pong is still almost
            // random after a million steps.
            configuration.optimizer = .adam(epsilon: 1e-5)
            // A2C's 0.5 for the mean over the five steps of a segment; here the gradient is their sum.
            configuration.maximumGradientNorm = 2.5
        } else {
            // As with a replay; with ε dealt, a third of the environments would act at random half of the time.
            configuration.optimizer = .adam(epsilon: 1.5e-4)
            configuration.targetInterval = 2_000
            configuration.epsilonAssignment = .fixed
            configuration.epsilonFinal = 0.01
            configuration.epsilonFraction = 0.0625
        }
    }
}
