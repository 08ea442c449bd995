package import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension Preset {
    /// The preset of an environment unless the user names one: `atari` for Atari games with ale-py's screens, `default`
    /// for everything else, including games whose options set another frame skip or observe the console's memory.
    package static func standard(for id: EnvironmentID) -> Preset {
        let isGame = id.name.hasPrefix("ALE/") || id.name.hasSuffix("NoFrameskip-v4")
        let options = id.options
        let hasOtherOptions = id.name.contains("-ram") || options["frameskip"] != nil || options["obs_type"] != nil
        return id.kind == .gymnasium && isGame && !hasOtherOptions ? .atari : .default
    }

    /// Adds the options that the preset needs to an environment's id, unless it has options of the same key: otherwise
    /// Gymnasium's Atari games repeat actions themselves and observe colours.
    package func identifier(_ id: EnvironmentID) throws(EnvironmentError) -> EnvironmentID {
        guard self == .atari, id.kind == .gymnasium else { return id }
        // The older NoFrameskip ids repeat no actions.
        let repeats = id.name.contains("ALE/")
        return try id.defaulting((repeats ? ["frameskip=1"] : []) + ["obs_type=grayscale"])
    }

    /// The wrappers of Mnih 2015, innermost first, with FIRE at the start of each life in games that have it, as in
    /// Stable-Baselines3 and CleanRL.
    private static func atariWrappers(for environment: EnvironmentSpecification) -> [String] {
        ["no-op-start:30", "action-repeat:4,max", "atari-pixels:84", "time-limit:27000", "episodic-life"]
            + (FireOnReset.fits(environment) ? ["fire-on-reset"] : []) + ["reward-clip"]
    }

    /// With a replay, settings that learnt Pong in 9 to 20 minutes on two processors (docs/results/learning.md): the small
    /// network of Mnih 2013, learning from step 10,000, three-step returns and prioritized replay, without Double DQN's
    /// further forward pass.
    func applyAtari(
        to configuration: inout TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod
    ) throws(TrainingError) {
        let space = environment.observationSpace
        guard space.element == .uint8, space.shape.count >= 2, environment.framesPerStep == 1 else {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "The preset 'atari' requires screens of bytes, one frame per step, which '\(environment.id)' does not have; "
                    + "use it with an Atari game such as --env gym:ALE/Pong-v5, or use --preset default.")
        }
        if !method.usesReplay {
            applySegments(to: &configuration, environment, method)
        } else {
            configuration.network = "nips-cnn"
            configuration.scheduleSteps = 1_000_000
            configuration.learningRate = 2.5e-4
            configuration.batchSize = 32
            configuration.replayCapacity = 100_000
            configuration.learningStarts = 10_000
            configuration.targetInterval = 2_000
            configuration.trainInterval = 4
            configuration.gradientSteps = 1
            configuration.epsilonFraction = 0.15
            configuration.epsilonFinal = 0.01
            configuration.evaluationInterval = 100_000
            configuration.logInterval = 10_000
            Self.applyPixelLearning(to: &configuration)
            configuration.prioritized = true
        }
        configuration.wrappers = Self.atariWrappers(for: environment)
        configuration.frameStack = 4
        // A greedy policy may wait forever for a ball that it has to serve itself.
        configuration.evaluationEpsilon = 0.01
    }
}
