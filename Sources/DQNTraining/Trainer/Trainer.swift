public import DQNCheckpoint
internal import DQNEnvironments
public import DQNLearning
public import DQNModel
public import DQNNetwork

/// Trains one network with any number of workers. It only computes, and uses neither files nor clocks.
///
/// The trainer grants its workers agent steps up to the next scheduled step: a row of metrics, an evaluation, or the
/// caller's limit. There every worker has stopped at a step boundary, and exactly that many steps have been taken.
///
/// With one worker, equal configurations give equal sequences of states, and a trainer restored from a
/// ``checkpoint()`` continues exactly as the original would have. Several workers race, as the methods intend.
///
/// Not thread-safe. The trainer owns its workers' threads; they end with it, except one that is stuck in its
/// environment.
public final class Trainer {
    /// The result of an advance.
    public struct Report: Sendable {
        /// The new row of metrics, if one was scheduled.
        public var metrics: [String: Double]?
        /// The evaluation at this step, if one was scheduled.
        public var evaluation: Evaluation?
        /// Whether that evaluation is the best of the run so far.
        public var isBest = false
        /// Messages for the user, such as workers that have finished.
        public var notices: [String] = []
        /// Signs of a run that will not learn, with the numbers and what to do about it. Each kind is reported once per
        /// run.
        public var warnings: [String] = []
        /// The agent step of `metrics`.
        var step = 0
        /// The state of the evaluated step, with its evaluation, if training has continued meanwhile.
        var evaluatedState: HeldCheckpoint?
        /// The figures of each worker, with the row of metrics.
        var workers: [WorkerReport] = []
        /// What the evaluation shows besides its return; `nil` without one.
        var evaluationResult: EvaluationResult?
    }

    /// The run's settings.
    public let configuration: TrainingConfiguration
    /// The network.
    let architecture: NetworkArchitecture
    /// Agent steps, frames, episodes, updates and evaluations so far.
    public internal(set) var counters: Counters
    /// Metrics by agent step.
    package internal(set) var history: MetricHistory
    /// The best evaluation so far.
    public internal(set) var bestEvaluation: Evaluation?
    /// Whether an evaluation has reached the target return.
    package internal(set) var reachedTarget: Bool
    /// Why training cannot continue, once a worker has failed. ``checkpoint()`` still saves what is left.
    public internal(set) var failure: TrainingError?
    /// Whether the interruption of an advance ends the run. Then an environment that does not answer is soon given up.
    var isEnding = false
    /// What the user should know about the start: workers that could not continue their episode, or lost their replay.
    public internal(set) var notices: [String]

    /// Mean return of the last hundred training episodes of each worker; NaN before the first one ends.
    var meanEpisodeReturn = Double.nan
    /// ε of the next action, averaged over the workers; `nil` for a method without exploration rate.
    var epsilon: Double?
    /// The newest evaluation if it belongs to the current step.
    var lastEvaluation: Evaluation?
    /// The evaluation that is running while training continues.
    var pending: PendingEvaluation?
    /// The state in which the run has ended, if the workers have gone beyond it.
    var endState: HeldCheckpoint?
    /// The warnings of the run.
    var health: RunHealth
    /// Called before the state of an evaluated step is taken, which is held until the evaluation is known.
    var beforeHolding: () -> Void = {}
    /// Called before an evaluation starts; `false` leaves the work of the step undone, and the caller ends the run.
    var mayEvaluate: () -> Bool = { true }
    /// Seconds that an interrupted update has to end by itself, as most do: a step boundary is the simpler state.
    package var updatePatience = 0.3

    let method: any TrainingMethod
    /// What the run has taken from its origin.
    let originReport: RunOrigin.Report?
    let parameters: any ParameterStore
    /// Takes the steps.
    let crew: any Crew
    /// Extension groups with other owners; checkpoints keep them.
    let foreignExtensions: [ExtensionGroup]
    /// What runs the environment, for checkpoints.
    let provenance: ExtensionGroup?
    /// Evaluates; `nil` if the configuration has no evaluations.
    let evaluator: Evaluator?
    /// Whether training continues during evaluations.
    let evaluatesInBackground: Bool
    /// The parameters of an evaluation during which training continues.
    var evaluatedParameters: ParameterSlab?
    let framesPerStep: Int

    /// Starts a run at agent step 0.
    ///
    /// - Parameters:
    ///   - configuration: the run's settings.
    ///   - options: how the trainer runs its workers.
    ///   - backend: computes the network; by default oneDNN on the configuration's compute threads.
    ///   - makeStore: creates the parameter store; by default one in this process's memory.
    /// - Throws: `TrainingError` if the settings do not fit each other, the machine or the environment, or if the
    ///   environment fails to start.
    public convenience init(
        _ configuration: TrainingConfiguration, options: Options = Options(), backend: (any ComputeBackend)? = nil,
        makeStore: ParameterStoreFactory? = nil
    ) throws(TrainingError) {
        do {
            try self.init(TrainerSetup(configuration, options: options, backend: backend), makeStore)
        } catch { throw TrainingError(wrapping: error) }
    }

    /// Starts a run from another run's state.
    ///
    /// - Throws: as ``init(_:options:backend:makeStore:)``, and `invalidConfiguration` if the parameters do not fit the
    ///   new run's network.
    convenience init(
        _ configuration: TrainingConfiguration, from origin: RunOrigin?, options: Options,
        makeStore: ParameterStoreFactory?
    ) throws {
        try self.init(TrainerSetup(configuration, from: origin, options: options, backend: nil), makeStore)
    }

    /// Restores a trainer from a checkpoint. With the same number of workers it continues as exactly as its method can.
    ///
    /// With fewer workers, later checkpoints keep the states of the others, unused. With more, the new ones start with
    /// their own random streams and empty replays. ``notices`` lists both.
    ///
    /// - Parameters:
    ///   - checkpoint: a whole training state.
    ///   - workers: the number of workers; `nil` keeps the checkpoint's.
    ///   - options: how the trainer runs its workers.
    ///   - backend: computes the network; by default oneDNN on the configuration's compute threads.
    ///   - makeStore: creates the parameter store; by default one in this process's memory.
    /// - Throws: `TrainingError`: `cannotResume` if something was stripped from the checkpoint, or if its method or
    ///   environment is a plug-in's that is not registered; otherwise as ``init(_:options:backend:makeStore:)``.
    public convenience init(
        resuming checkpoint: Checkpoint, workers: Int? = nil, options: Options = Options(),
        backend: (any ComputeBackend)? = nil, makeStore: ParameterStoreFactory? = nil
    ) throws(TrainingError) {
        do {
            try self.init(
                TrainerSetup(resuming: checkpoint, workers: workers, options: options, backend: backend), makeStore)
        } catch { throw TrainingError(wrapping: error) }
    }

    private init(_ setup: TrainerSetup, _ makeStore: ParameterStoreFactory?) throws {
        let checkpoint = setup.checkpoint
        configuration = setup.configuration
        architecture = setup.architecture
        method = setup.method
        framesPerStep = setup.specification.framesPerStep
        provenance = setup.provenance.group
        foreignExtensions = setup.foreignExtensions
        health = RunHealth(restoring: checkpoint?.extensions ?? [])
        evaluatesInBackground = setup.options.evaluatesInBackground
        originReport = setup.originReport
        parameters = try setup.makeParameters(makeStore)
        evaluator = try setup.makeEvaluator()
        counters = checkpoint?.counters ?? Counters()
        history = checkpoint?.history ?? MetricHistory()
        bestEvaluation = checkpoint?.bestEvaluation
        lastEvaluation = checkpoint?.evaluation
        reachedTarget = checkpoint?.reachedTarget ?? false
        crew = try setup.makeCrew(training: parameters)
        notices = setup.notices + crew.notices
        refreshProgress()
    }

    /// Whether training is over: an evaluation has reached the target return, or no worker may take more steps.
    public var isFinished: Bool { reachedTarget || allWorkersFinished }

    /// Whether every worker has taken all the steps that one worker may take.
    package var allWorkersFinished: Bool { !crew.isActive }

    /// Whether an interruption has cut the update of a worker short: the trainer is within an agent step. The next advance
    /// completes the update first, also after a resume.
    package var hasOpenUpdate: Bool { crew.hasOpenUpdate }

    /// Agent steps claimed so far, readable while workers run.
    package var claimedAgentSteps: Int { crew.claimedSteps }

    /// Takes agent steps up to the limit or the next scheduled step, whichever comes first, and performs the work
    /// scheduled there.
    ///
    /// - Parameters:
    ///   - limit: agent steps, counted from the start of the run.
    ///   - isInterrupted: called about fifty times a second; once it returns `true`, workers stop at their next step
    ///     boundary, or within a long update, which the next advance completes.
    /// - Returns: what happened.
    /// - Throws: `TrainingError` (`runFailed`) with worker and step if an environment throws, a worker does not finish
    ///   a step in time, or the loss is no longer a number. ``checkpoint()`` still works then.
    @discardableResult
    public func advance(to limit: Int, isInterrupted: () -> Bool = { false }) throws(TrainingError) -> Report {
        var report = Report()
        if endState != nil { return report }
        if let failure, pending == nil { throw failure }
        if pending == nil, isScheduledWorkDue {
            try performScheduledWork(&report, isInterrupted: isInterrupted)
            return report
        }
        // An update that was cut short belongs to this step, and so does what is scheduled there.
        let hadOpenUpdate = hasOpenUpdate
        // Work that is scheduled here waits for the pending evaluation, however often an interruption ends the wait.
        let staysHere = hadOpenUpdate || isScheduledWorkDue
        let goal = staysHere ? counters.agentSteps : min(limit, nextScheduledStep)
        if failure == nil, hadOpenUpdate || goal > counters.agentSteps {
            do throws(TrainingError) { try takeSteps(upTo: goal, &report, isInterrupted) } catch {
                // An earlier target would have ended the run before.
                if pending == nil { throw error }
            }
        }
        if hasOpenUpdate { return report }
        guard pending != nil else {
            try performScheduledWork(&report, isInterrupted: isInterrupted)
            return report
        }
        // An interruption leaves the evaluation running.
        if failure != nil || counters.agentSteps >= goal && !hadOpenUpdate || allWorkersFinished {
            try finishEvaluation(&report, isInterrupted: isInterrupted)
        }
        return report
    }

    /// Returns the whole state at this step boundary, or within the update that an interruption has cut short, by value.
    ///
    /// Replay chunks are shared, not copied. Parameters are copied once, into the memory of an earlier checkpoint if
    /// nothing uses that any more.
    ///
    /// A worker that fails here sets ``failure``. One that does not respond contributes its last state, or is marked
    /// abandoned if there is none; one whose environment cannot be saved is marked abandoned, with the rest of its
    /// state.
    /// - Throws: `TrainingError` (`runFailed`) if the parameter store cannot return its state; this sets ``failure``.
    public func checkpoint() throws(TrainingError) -> Checkpoint {
        abandonEvaluation()
        if let endState { return try endState.whole() }
        return try snapshot().whole()
    }

    /// Takes the state of the workers and the parameters.
    func snapshot() throws(TrainingError) -> HeldCheckpoint {
        let (workers, workerFailure) = crew.holdStates()
        failure = failure ?? workerFailure?(counters.agentSteps)
        let state: ParameterState
        do { state = try parameters.snapshot() } catch { throw storeFailed(error, during: "saving the parameters") }
        let checkpoint = Checkpoint(
            writer: .current, configuration: configuration.json, architecture: architecture,
            online: state.online, target: state.target, optimizer: state.optimizer,
            counters: counters, workers: [], evaluation: lastEvaluation,
            bestEvaluation: bestEvaluation, reachedTarget: reachedTarget, statistics: pooledStatistics().values,
            history: history, extensions: foreignExtensions + [provenance, health.group].compactMap(\.self))
        return HeldCheckpoint(checkpoint, workers, method)
    }
}
