internal import DQNModel
public import DQNNetwork

/// Every setting that decides what a run computes: stored whole in each checkpoint.
///
/// Paths and output options are not part of it. Keys, ranges and meanings are listed by ``ConfigurationKey/all`` and
/// in `docs/configuration.md`.
public struct TrainingConfiguration: Sendable, Equatable {
    /// The environment's id.
    public var environment = "CartPole-v1"
    /// The training method's name.
    public var method = "dqn"
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
    /// Threads of one computation.
    public var computeThreads = 1

    /// Step size of the optimiser at the start.
    public var learningRate = 1e-3
    /// Step size at the end of the schedule, reached linearly; `nil` keeps ``learningRate``.
    public var learningRateFinal: Double?
    /// Transitions of one gradient update.
    public var batchSize = 64
    /// Slots of the replay.
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
    /// Whether the online network chooses the action whose target value is used (van Hasselt 2016).
    public var doubleDQN = false
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
