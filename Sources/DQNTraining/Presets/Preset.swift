package import DQNEnvironments
package import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

/// Named settings for an environment.
package enum Preset: String, Sendable, CaseIterable {
    /// This project's settings, tuned for the built-in environments and reasonable for others.
    case `default`
    /// The tuned settings of RL Baselines3 Zoo for the environment.
    case zoo
    /// The settings of CleanRL's `dqn.py`.
    case cleanrl
    /// The wrappers of the Atari papers, with settings that keep networks of pixels alive.
    case atari

    /// Returns the preset with a name.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) with the nearest name.
    package static func named(_ name: String) throws(TrainingError) -> Preset {
        guard let preset = Preset(rawValue: name) else {
            let remedy = NearestName.remedy(for: name, among: allCases.map(\.rawValue))
            throw TrainingError(code: .invalidConfiguration, message: "Unknown preset '\(name)'; \(remedy)")
        }
        return preset
    }

    /// Returns the whole configuration of this preset for an environment and a method.
    ///
    /// - Parameters:
    ///   - environment: what the environment observes and accepts.
    ///   - method: the training method; `nil` for `dqn`.
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if the preset has no settings for them.
    package func configuration(
        for environment: EnvironmentSpecification, method: (any TrainingMethod)? = nil
    ) throws(TrainingError) -> TrainingConfiguration {
        let method = method ?? TrainingMethods.standard
        guard self == .default || self == .atari || method.usesReplay else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The preset '\(rawValue)' has no settings for the method '\(method.name)'; "
                    + "use --preset default.")
        }
        var configuration = TrainingConfiguration()
        configuration.method = method.name
        configuration.environment = environment.id
        configuration.preset = rawValue
        configuration.frameStack = environment.defaultFrameStack
        configuration.actionMasks = true
        // These change no learning, so the presets that copy others have them too.
        configuration.evaluationEnvironments = 5
        configuration.probeObservations = 256
        switch self {
        case .default:
            applyDefault(to: &configuration, environment, method)
            method.applyDefaults(to: &configuration, for: environment)
            if environment.maximumEpisodeSteps == nil { boundEvaluations(in: &configuration) }
        case .zoo: try applyZoo(to: &configuration, environment)
        case .cleanrl: try applyCleanRL(to: &configuration, environment)
        case .atari:
            try applyAtari(to: &configuration, environment, method)
            boundEvaluations(in: &configuration)
        }
        if self != .default {
            // Only the method has defaults for its own options, and it may require them.
            var defaults = configuration
            method.applyDefaults(to: &defaults, for: environment)
            configuration.methodOptions = defaults.methodOptions
        }
        configuration.scaleBytes(of: environment)
        return configuration
    }

    /// Bounds the episodes of evaluations, for environments without a limit of their own or with one of half an hour: an
    /// evaluation takes about as many steps as the training between two, however long a policy can play on.
    private func boundEvaluations(in configuration: inout TrainingConfiguration) {
        let share = configuration.evaluationInterval / configuration.evaluationEpisodes
        configuration.evaluationMaximumSteps = min(27_000, max(5_000, share))
    }

    /// The name under which settings are listed: Gymnasium's environments share those of the built-in ones.
    static func baseName(of environment: EnvironmentSpecification) -> String {
        guard let id = try? EnvironmentID(environment.id), id.kind == .gymnasium else { return environment.id }
        return id.name
    }

    /// Whether observations are pictures, which the default network convolves: bytes of rows and columns, or channels of
    /// rows and columns, at least five of each, as `small-cnn` requires.
    ///
    /// Everything else is a list of numbers for an `mlp`, for example a table of floats; only `Catch-v0` is a board.
    static func hasPictures(_ environment: EnvironmentSpecification) -> Bool {
        let space = environment.observationSpace
        let isTable = space.shape.count == 2 && space.element != .uint8 && baseName(of: environment) != "Catch-v0"
        return (2...3).contains(space.shape.count) && !isTable && space.shape.suffix(2).allSatisfy { $0 >= 5 }
    }

    /// Whether observations are pictures of at least 36 rows and columns, as the networks for screens require.
    static func hasLargeFrames(_ environment: EnvironmentSpecification) -> Bool {
        hasPictures(environment) && environment.observationSpace.shape.suffix(2).allSatisfy { $0 >= 36 }
    }

    private func applyZoo(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification
    ) throws(TrainingError) {
        configuration.network = "mlp:256,256"
        configuration.gradientSteps = 0
        configuration.trainInterval = 4
        switch Self.baseName(of: environment) {
        case "CartPole-v1":
            configuration.scheduleSteps = 50_000
            configuration.learningRate = 2.3e-3
            configuration.batchSize = 64
            configuration.replayCapacity = 100_000
            configuration.learningStarts = 1_000
            configuration.targetInterval = 10
            configuration.trainInterval = 256
            configuration.gradientSteps = 128
            configuration.epsilonFraction = 0.16
            configuration.epsilonFinal = 0.04
        case "MountainCar-v0":
            configuration.scheduleSteps = 120_000
            configuration.learningRate = 4e-3
            configuration.batchSize = 128
            configuration.replayCapacity = 10_000
            configuration.learningStarts = 1_000
            configuration.discount = 0.98
            configuration.targetInterval = 600
            configuration.trainInterval = 16
            configuration.gradientSteps = 8
            configuration.epsilonFraction = 0.2
            configuration.epsilonFinal = 0.07
        case "Acrobot-v1", "LunarLander-v3":
            configuration.scheduleSteps = 100_000
            configuration.learningRate = 6.3e-4
            configuration.batchSize = 128
            configuration.replayCapacity = 50_000
            configuration.learningStarts = 0
            configuration.targetInterval = 250
            configuration.epsilonFraction = 0.12
            configuration.epsilonFinal = 0.1
        default:
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The preset 'zoo' has no settings for '\(environment.id)'; use --preset default.")
        }
    }

    private func applyCleanRL(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification
    ) throws(TrainingError) {
        guard environment.observationSpace.shape.count == 1 else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The preset 'cleanrl' requires vector observations, which '\(environment.id)' does not have; "
                    + "use --preset default.")
        }
        configuration.network = "mlp:120,84"
        configuration.scheduleSteps = 500_000
        configuration.learningRate = 2.5e-4
        configuration.batchSize = 128
        configuration.replayCapacity = 10_000
        configuration.learningStarts = 10_000
        configuration.targetInterval = 500
        configuration.trainInterval = 10
        configuration.gradientSteps = 1
        configuration.epsilonFraction = 0.5
        configuration.epsilonFinal = 0.05
        configuration.loss = .squared
        configuration.maximumGradientNorm = 0
    }
}
