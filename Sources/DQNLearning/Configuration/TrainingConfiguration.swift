package import DQNEnvironments
public import DQNModel
public import DQNNetwork

/// Every setting that decides what a run computes: stored whole in each checkpoint.
///
/// Paths and output options are not part of it. Keys, ranges and meanings are listed by ``ConfigurationKey/all`` and
/// in `docs/configuration.md`.
public struct TrainingConfiguration: Sendable, Equatable {
    /// The environment's id.
    public var environment = "CartPole-v1"
    /// The wrappers around it, the innermost first; see `WrapperList`.
    public var wrappers: [String] = []
    /// The training method's name.
    public var method = "dqn"
    /// Settings of a plug-in method's own; the built-in methods have none.
    public var methodOptions: [String: JSONValue] = [:]
    /// The preset that the settings came from.
    public var preset = "default"
    /// The network's text; see ``DQNModel/NetworkArchitecture/init(_:input:actions:)``.
    public var network = "mlp:256,256"
    /// The run's seed; every random stream follows from it.
    public var seed = 0
    /// Agent steps over which ε and the learning rate move; fixed for the life of a run.
    public var scheduleSteps = 50_000
    /// Observations that the network sees at once.
    public var frameStack = 1
    /// Workers: actor-learners that run at once, each with its own environment.
    public var workers = 1
    /// Agent steps after which a worker is finished, whatever the others do; 0 leaves it to the whole run.
    public var workerSteps = 0
    /// Threads of one computation.
    public var computeThreads = 1

    /// Step size of the optimiser at the start.
    public var learningRate = 1e-3
    /// Step size at the end of the schedule, reached linearly; `nil` keeps ``learningRate``.
    public var learningRateFinal: Double?
    /// Transitions of one gradient update.
    public var batchSize = 64
    /// Slots of each worker's replay.
    public var replayCapacity = 50_000
    /// Agent steps before the first gradient update; until then actions are random.
    public var learningStarts = 1_000
    /// The discount γ.
    public var discount = 0.99
    /// Agent steps between refreshes of the target network.
    public var targetInterval = 500
    /// How far the target moves towards the online network at a refresh; 1 copies it.
    public var targetRate = 1.0
    /// Agent steps between trainings.
    public var trainInterval = 4
    /// Gradient updates at each training; 0 means as many as agent steps since the last.
    public var gradientSteps = 1
    /// ε at the start.
    public var epsilonStart = 1.0
    /// ε at the end of its schedule.
    public var epsilonFinal = 0.05
    /// Fraction of ``scheduleSteps`` over which ε falls linearly.
    public var epsilonFraction = 0.1
    /// Who gets which ε in the end.
    public var epsilonAssignment = EpsilonAssignment.fixed
    /// Agent steps of a worker between draws of a new final ε, where it is drawn; 0 draws once.
    public var epsilonResampleInterval = 0
    /// Whether the online network chooses the action whose target value is used (van Hasselt 2016).
    public var doubleDQN = false
    /// Whether the network has a stream for the state's value and one for the actions' advantages (Wang 2016).
    public var dueling = false
    /// Steps whose rewards are added up before bootstrapping, in the methods with a replay.
    public var nStep = 1
    /// Whether transitions are drawn by the size of their last errors (Schaul 2016), in the methods with a replay.
    public var prioritized = false
    /// Exponent α of the priorities: 0 is uniform.
    public var priorityExponent = 0.6
    /// Exponent β of the importance weights at the start; 1 at the end of the schedule.
    public var priorityCorrection = 0.4
    /// Added to each error, so that every transition can be drawn.
    public var priorityEpsilon = 1e-6
    /// Updates of a worker between copies of the shared parameters, in `async-dqn`.
    public var refreshInterval = 1
    /// Most steps that a worker of the methods without a replay takes before it learns from them: t_max.
    public var segmentLength = 5
    /// Weight β of the policy's entropy in `a3c`.
    public var entropyCoefficient = 0.01
    /// Weight of the value's squared error in `a3c`.
    public var valueCoefficient = 0.5
    /// Whether all workers share the optimiser's statistics, or each has its own.
    public var sharesStatistics = true
    /// The loss.
    public var loss = Loss.huber
    /// Largest norm of a gradient; 0 does not clip.
    public var maximumGradientNorm = 10.0
    /// The optimiser's kind and constants.
    public var optimizer = OptimizerConfiguration.adam()

    /// Agent steps between evaluations; 0 never evaluates.
    public var evaluationInterval = 5_000
    /// Episodes of an evaluation.
    public var evaluationEpisodes = 10
    /// ε of the evaluated policy.
    public var evaluationEpsilon = 0.0
    /// Longest evaluation episode in agent steps; 0 leaves it to the environment's own time limit.
    public var evaluationMaximumSteps = 27_000
    /// Mean return of an evaluation at which the run ends early, where there is one.
    public var targetReturn: Double?
    /// Agent steps between rows of the metrics.
    public var logInterval = 1_000

    /// Creates the configuration of a field-independent default.
    public init() {}
}

/// Where the final ε of the workers comes from.
public enum EpsilonAssignment: String, Sendable, Codable, CaseIterable {
    /// `epsilon_final` for all.
    case fixed
    /// Each worker draws 0.1, 0.01 or 0.5 with probabilities 0.4, 0.3 and 0.3 (Mnih 2016, section 5).
    case drawn
}

extension TrainingConfiguration {
    /// Creates an environment of the run, inside its wrappers.
    ///
    /// - Throws: `EnvironmentError`.
    package func makeEnvironment(
        for use: WrapperList.Use, gymnasium: GymnasiumSettings = GymnasiumSettings()
    ) throws(EnvironmentError) -> any Environment {
        try EnvironmentRegistry.make(environment, wrappers: wrappers, for: use, gymnasium: gymnasium)
    }

    /// The optimiser's step size at an agent step.
    public func learningRate(at step: Int) -> Double {
        LinearSchedule(from: learningRate, to: learningRateFinal ?? learningRate, over: Double(scheduleSteps))
            .value(at: step)
    }

    /// How transitions are drawn by priority, where they are.
    var prioritization: PrioritizedReplayConfiguration? {
        prioritized ? PrioritizedReplayConfiguration(exponent: priorityExponent, epsilon: priorityEpsilon) : nil
    }
}
