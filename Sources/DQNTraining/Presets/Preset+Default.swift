internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Preset {
    /// This project's settings.
    func applyDefault(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod
    ) {
        if !method.usesReplay { return applySegments(to: &configuration, environment, method) }
        switch Self.baseName(of: environment) {
        case "CartPole-v1": applyCartPole(to: &configuration, method)
        case "Catch84-v0": applyCatch(to: &configuration)
        case "Acrobot-v1", "MountainCar-v0", "LunarLander-v3": applyVectors(to: &configuration, environment)
        case _ where Self.hasLargeFrames(environment): applyPixels(to: &configuration)
        case _ where Self.hasPictures(environment): configuration.network = "small-cnn"
        default: break
        }
    }

    /// Tuned on these three environments: three-step returns, Double DQN, large batches and a learning rate
    /// that falls to 0. Parameters start by He 2015, which leaves fewer units without a gradient than U(±1/√fan_in).
    private func applyVectors(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification
    ) {
        configuration.network = "mlp:128,128"
        configuration.initialization = .he
        configuration.learningRate = 1e-3
        configuration.learningRateFinal = 0
        configuration.batchSize = 128
        configuration.replayCapacity = 50_000
        configuration.learningStarts = 1_000
        configuration.targetInterval = 600
        configuration.trainInterval = 8
        configuration.gradientSteps = 4
        configuration.epsilonFraction = 0.2
        configuration.epsilonFinal = 0.05
        configuration.doubleDQN = true
        configuration.nStep = 3
        configuration.scheduleSteps = 100_000
        configuration.evaluationInterval = 10_000
        switch Self.baseName(of: environment) {
        case "LunarLander-v3": configuration.scheduleSteps = 200_000
        case "MountainCar-v0":
            // Otherwise half or more of the second layer is dead at the end: the observations differ little.
            configuration.network = "mlp:128,128+norm"
            // Rewards are −1 until the goal: a shorter horizon tells a goal that is near from one that is far.
            configuration.discount = 0.98
            configuration.learningRate = 2e-3
            configuration.scheduleSteps = 120_000
        default: break
        }
    }

    /// Tuned on seeds 0–29: a slow target (a refresh of 1 % per step), Double DQN, the squared error, and a learning rate
    /// that falls to 0, so that the last weights are as good as the best.
    ///
    /// With parameters drawn by He 2015 a fifth of a layer has no gradient at the end, instead of more than half.
    private func applyCartPole(to configuration: inout TrainingConfiguration, _ method: any TrainingMethod) {
        configuration.initialization = .he
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
        // The same target speed with a tenth of the refreshes: every worker copies each of them.
        configuration.targetInterval = 10
        configuration.targetRate = 0.1
    }

    /// The game is so small that far fewer steps than for Atari suffice.
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

    /// Episodes of nine steps are cheap, and ten of them could all be easy ones.
    static let catchEpisodes = 100

    /// The settings of Mnih 2015 for frames, with Double DQN, Adam and a replay that fits a desktop computer's memory.
    private func applyPixels(to configuration: inout TrainingConfiguration) {
        configuration.network = "nature-cnn"
        configuration.learningRate = 1e-4
        configuration.batchSize = 32
        configuration.replayCapacity = 100_000
        configuration.targetInterval = 1_000
        configuration.doubleDQN = true
        Self.applyPixelLearning(to: &configuration)
    }
}
