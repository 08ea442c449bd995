package import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Preset {
    /// The preset of an environment where none is named: that of Atari's games for their screens as ale-py gives them,
    /// `default` for all else, such as games whose options ask for another frame skip or for the console's memory.
    package static func standard(for id: EnvironmentID) -> Preset {
        let isGame = id.name.hasPrefix("ALE/") || id.name.hasSuffix("NoFrameskip-v4")
        let options = id.options
        let isOtherwise = id.name.contains("-ram") || options["frameskip"] != nil || options["obs_type"] != nil
        return id.kind == .gymnasium && isGame && !isOtherwise ? .atari : .default
    }

    /// An environment's id with the options that the preset needs, where it has none of the same key: Gymnasium's Atari
    /// games repeat actions themselves otherwise, and show colours.
    package func identifier(_ id: EnvironmentID) throws(EnvironmentError) -> EnvironmentID {
        guard self == .atari, id.kind == .gymnasium else { return id }
        // The older ids without a frame skip have none by name.
        let repeats = id.name.contains("ALE/")
        return try id.defaulting((repeats ? ["frameskip=1"] : []) + ["obs_type=grayscale"])
    }

    /// The wrappers of Mnih 2015, from the inside out.
    static let atariWrappers = [
        "no-op-start:30", "action-repeat:4,max", "atari-pixels:84", "time-limit:27000", "episodic-life", "reward-clip",
    ]

    /// RL Baselines3 Zoo's settings for Atari; those of Mnih 2016 for the methods without a replay.
    func applyAtari(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod
    ) throws(TrainingError) {
        let space = environment.observationSpace
        guard space.element == .uint8, space.shape.count >= 2, environment.framesPerStep == 1 else {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "The preset 'atari' is for screens of bytes, one frame a step, which '\(environment.id)' has not; "
                    + "use it with --env gym:ALE/Pong-v5 and the like, or --preset default.")
        }
        if !method.usesReplay {
            applySegments(to: &configuration, environment, method)
        } else {
            configuration.network = "nature-cnn"
            configuration.scheduleSteps = 10_000_000
            configuration.learningRate = 1e-4
            configuration.batchSize = 32
            configuration.replayCapacity = 100_000
            configuration.learningStarts = 100_000
            configuration.targetInterval = 1_000
            configuration.trainInterval = 4
            configuration.gradientSteps = 1
            configuration.epsilonFraction = 0.1
            configuration.epsilonFinal = 0.01
            configuration.evaluationInterval = 100_000
            configuration.logInterval = 10_000
        }
        configuration.wrappers = Self.atariWrappers
        configuration.frameStack = 4
        // A greedy policy may wait for ever for a ball that it has to serve itself.
        configuration.evaluationEpsilon = 0.01
    }
}
