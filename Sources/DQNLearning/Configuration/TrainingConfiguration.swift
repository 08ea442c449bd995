package import DQNEnvironments
public import DQNModel
public import DQNNetwork

/// Every setting that determines what a run computes. Each checkpoint stores all of them.
///
/// Paths and output options are not part of it. `ConfigurationKey` declares the JSON key, range and meaning of each
/// property; `docs/configuration.md` lists them. A property that is not public can be set by its key, with
/// ``set(_:to:)``.
public struct TrainingConfiguration: Sendable, Equatable {
    // MARK: Run

    /// The id of the environment.
    public var environment = "CartPole-v1"
    /// The wrappers around the environment, innermost first; see `WrapperList`.
    package var wrappers: [String] = []
    /// The name of the training method.
    public var method = "dqn"
    /// The options of a plug-in method; the built-in methods have none.
    public var methodOptions: [String: JSONValue] = [:]
    /// The preset that the settings are based on.
    package var preset = "default"
    /// The network's hidden layers as text; see `NetworkArchitecture.init(_:input:actions:)`.
    public var network = "mlp:256,256"
    /// How the parameters of a new run are drawn.
    public var initialization = Initialization.fanIn
    /// What is subtracted from the observation's elements before ``inputScale``; `nil` subtracts nothing.
    public var inputOffset: Double?
    /// What the observation's elements are multiplied by after ``inputOffset``; `nil` is the element type's own: 1/255 for
    /// bytes, 1 for floats.
    public var inputScale: Double?
    /// The seed of all random streams.
    package var seed = 0
    /// Agent steps over which the schedules of ε and the learning rate run; fixed for the life of a run.
    public var scheduleSteps = 50_000
    /// Observations in the network's input.
    public var frameStack = 1
    /// Whether only the actions are considered that the environment's action masks allow, if it has any.
    package var actionMasks = false
    /// Actor-learners that run in parallel, each with its own environment.
    public var workers = 1
    /// Environments that each worker steps, choosing their actions in one pass.
    public var environmentsPerWorker = 1
    /// Agent steps after which each worker finishes; 0 sets no limit.
    package var workerSteps = 0
    /// Threads that share the computation of a batch.
    package var computeThreads = 1

    // MARK: Learning

    /// The optimiser's step size at the start.
    public var learningRate = 1e-3
    /// The optimiser's step size at the end of the linear schedule; `nil` keeps ``learningRate``.
    public var learningRateFinal: Double?
    /// Transitions per gradient update.
    public var batchSize = 64
    /// Slots of each worker's replay, divided among its environments.
    public var replayCapacity = 50_000
    /// Agent steps of all workers before the first gradient update of a method with a replay; actions are random until
    /// then.
    public var learningStarts = 1_000
    /// The discount factor γ per step.
    public var discount = 0.99
    /// Agent steps of all workers between refreshes of the target network.
    public var targetInterval = 500
    /// The fraction of the distance to the online parameters that a refresh moves the target; 1 copies them.
    public var targetRate = 1.0
    /// A worker's agent steps between training phases.
    public var trainInterval = 4
    /// Gradient updates per training phase; 0 means ``trainInterval``.
    public var gradientSteps = 1
    /// Whether the online network selects the action whose value the target network provides (van Hasselt 2016).
    public var doubleDQN = false
    /// Whether the network has separate streams for the state value and the advantages (Wang 2016).
    public var dueling = false
    /// The quantiles of each action's return that the network learns (Dabney 2018), in the methods with a replay; 0 for
    /// action values.
    public var quantiles = 0
    /// Whether the targets contain the log-policy (Vieillard 2020), in the methods that take a maximum over action values.
    public var munchausen = false
    /// The weight α of the log-policy in the reward.
    package var munchausenWeight = 0.9
    /// The temperature τ of the policy softmax(q / τ).
    package var munchausenTemperature = 0.03
    /// The smallest log-policy τ ln π that counts, l₀.
    package var munchausenMinimum = -1.0
    /// Steps of a return before bootstrapping, in the methods with a replay.
    public var nStep = 1
    /// An environment's agent steps per update, at most, in the methods without a replay: t_max in Mnih 2016.
    public var segmentLength = 5
    /// The weight λ of longer returns in the target of `pqn`.
    package var returnLambda = 0.65
    /// Passes over the steps of a segment, in `pqn`.
    package var epochs = 2
    /// Parts that a pass divides the steps into, in `pqn`.
    package var minibatches = 4
    /// A worker's updates between copies of the shared parameters, in `async-dqn`.
    package var refreshInterval = 1
    /// The weight β of the policy's entropy in the loss of `a3c`.
    package var entropyCoefficient = 0.01
    /// The weight of the value's squared error in the loss of `a3c`.
    package var valueCoefficient = 0.5
    /// The loss of the Q-values.
    public var loss = Loss.huber
    /// The maximum norm of a gradient; 0 does not clip.
    public var maximumGradientNorm = 10.0
    /// The optimiser's kind and constants.
    public var optimizer = OptimizerConfiguration.adam()
    /// Whether all workers share one optimiser; otherwise each has its own.
    public var sharesStatistics = true

    // MARK: Exploration

    /// ε at the start.
    package var epsilonStart = 1.0
    /// ε at the end of its schedule.
    public var epsilonFinal = 0.05
    /// The fraction of ``scheduleSteps`` over which ε falls linearly.
    public var epsilonFraction = 0.1
    /// How workers get their final ε.
    public var epsilonAssignment = EpsilonAssignment.fixed
    /// A worker's agent steps between draws of its final ε, if it is drawn; 0 draws once.
    package var epsilonResampleInterval = 0

    // MARK: Prioritized replay

    /// Whether transitions are sampled by their last errors (Schaul 2016), in the methods with a replay.
    public var prioritized = false
    /// The exponent α of the priorities; 0 samples uniformly.
    package var priorityExponent = 0.6
    /// The exponent β of the importance weights at the start; it rises to 1 over ``scheduleSteps``.
    package var priorityCorrection = 0.4
    /// A constant added to each error, so that every transition can be sampled.
    package var priorityEpsilon = 1e-6

    // MARK: Evaluation and metrics

    /// Agent steps of all workers between evaluations; 0 disables them.
    package var evaluationInterval = 5_000
    /// Episodes per evaluation.
    package var evaluationEpisodes = 10
    /// ε of the evaluated policy.
    package var evaluationEpsilon = 0.0
    /// Whether evaluations draw actions from the policy's probabilities, for methods with an actor-critic network.
    package var evaluationSampling = false
    /// The maximum agent steps of an evaluation episode; 0 sets no limit.
    package var evaluationMaximumSteps = 27_000
    /// Environments that play an evaluation's episodes at once. With 1, all episodes share one random stream; otherwise
    /// each has its own.
    package var evaluationEnvironments = 1
    /// Observations of the probe batch, on which the health of the network is measured at each evaluation; 0 measures
    /// nothing.
    package var probeObservations = 0
    /// The mean return of an evaluation at which the run stops early; `nil` disables this.
    package var targetReturn: Double?
    /// Agent steps of all workers between rows of the metrics.
    package var logInterval = 1_000

    /// Creates a configuration with default values.
    public init() {}
}

/// How workers get their final ε.
public enum EpsilonAssignment: String, Sendable, Codable, CaseIterable {
    /// All workers use `epsilon_final`.
    case fixed
    /// Each worker draws 0.1, 0.01 or 0.5 with probabilities 0.4, 0.3 and 0.3 (Mnih 2016, section 5).
    case drawn
    /// Environments get these values in turn, in the same proportions: 0.1, 0.01, 0.5, 0.1, 0.01, 0.5, 0.1, 0.01, 0.5,
    /// 0.1 for environments 0 to 9, and again from the first for environment 10. Those of worker 0 come first.
    ///
    /// A draw may give 0.5 to all of a few workers, and most of their steps are then random until the end.
    case dealt
}

extension TrainingConfiguration {
    /// Creates the run's environment, inside its wrappers.
    ///
    /// - Throws: `EnvironmentError`.
    package func makeEnvironment(
        for use: WrapperList.Use, gymnasium: GymnasiumSettings
    ) throws(EnvironmentError) -> any Environment {
        try EnvironmentRegistry.make(environment, wrappers: wrappers, for: use, gymnasium: gymnasium)
    }

    /// Returns the optimiser's step size at an agent step.
    public func learningRate(at step: Int) -> Double {
        LinearSchedule(from: learningRate, to: learningRateFinal ?? learningRate, over: Double(scheduleSteps))
            .value(at: step)
    }

    /// The slots of one environment's part of a worker's replay.
    package var replayCapacityPerEnvironment: Int { replayCapacity / environmentsPerWorker }

    /// The constants of prioritized replay; `nil` if the replay is uniform.
    var prioritization: PrioritizedReplayConfiguration? {
        prioritized ? PrioritizedReplayConfiguration(exponent: priorityExponent, epsilon: priorityEpsilon) : nil
    }
}
