public import DQNCheckpoint
internal import DQNEnvironments
public import DQNLearning
public import DQNModel
public import DQNNetwork

/// Trains one network with any number of workers. It computes; it uses neither files nor clocks of its own.
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
    /// The run's settings.
    public let configuration: TrainingConfiguration
    /// The network.
    public let architecture: NetworkArchitecture
    /// Agent steps, frames, episodes, updates and evaluations so far.
    public internal(set) var counters: Counters
    /// Metrics by agent step.
    public internal(set) var history: MetricHistory
    /// The best evaluation so far.
    public internal(set) var bestEvaluation: Evaluation?
    /// Whether an evaluation has reached the target return, which ends the run.
    public internal(set) var reachedTarget: Bool
    /// Why training cannot continue, once a worker has failed. ``checkpoint()`` still saves what is left.
    public internal(set) var failure: TrainingError?
    /// What the user should know about the start: workers that could not continue their episode, or lost their replay.
    public internal(set) var notices: [String]
    /// How long the workers paused before the last advance; `nil` before the second one.
    public internal(set) var pause: Pause?

    /// Mean return of the last hundred training episodes of each worker; NaN before the first one ends.
    var meanEpisodeReturn = Double.nan
    /// ε of the next action, averaged over the workers; `nil` for a method without exploration rate.
    var epsilon: Double?
    /// The newest evaluation if it belongs to the current step.
    var lastEvaluation: Evaluation?
    /// When each worker stopped after the last advance.
    var lastStops: [ContinuousClock.Instant] = []

    let method: any TrainingMethod
    let parameters: any ParameterStore
    let budget: StepBudget
    let pool: WorkerPool
    let slots: [WorkerSlot]
    /// States of workers beyond the present number; checkpoints keep them.
    let inactiveWorkers: [WorkerState]
    /// Extension groups with other owners; checkpoints keep them.
    let foreignExtensions: [ExtensionGroup]
    /// What runs the environment, for checkpoints.
    let provenance: ExtensionGroup?
    /// Evaluates; `nil` if the configuration has no evaluations.
    let evaluator: Evaluator?
    private let framesPerStep: Int
    private var countedEpisodes: [Int]
    private var countedSteps: [Int]

    /// Starts a run at agent step 0.
    ///
    /// - Parameters:
    ///   - configuration: the run's settings.
    ///   - options: how the trainer runs its workers.
    ///   - backend: computes the network; by default oneDNN on the configuration's compute threads.
    ///   - makeStore: creates the parameter store; by default one in this process's memory.
    /// - Throws: ``TrainingError`` if the settings do not fit each other, the machine or the environment, or if the
    ///   environment fails to start.
    public convenience init(
        _ configuration: TrainingConfiguration, options: Options = Options(), backend: (any ComputeBackend)? = nil,
        makeStore: ParameterStoreFactory? = nil
    ) throws(TrainingError) {
        do {
            try self.init(TrainerSetup(configuration, options: options, backend: backend), makeStore)
        } catch { throw TrainingError(wrapping: error) }
    }

    /// Restores a trainer from a checkpoint. With the same number of workers it continues as exactly as its method can.
    ///
    /// With fewer workers, later checkpoints keep the states of the others, unused. With more, the new ones start with
    /// random streams and empty replays of their own. ``notices`` lists both.
    ///
    /// - Parameters:
    ///   - checkpoint: a whole training state.
    ///   - workers: the number of workers; `nil` keeps the checkpoint's.
    ///   - options: how the trainer runs its workers.
    ///   - backend: computes the network; by default oneDNN on the configuration's compute threads.
    ///   - makeStore: creates the parameter store; by default one in this process's memory.
    /// - Throws: ``TrainingError``: `cannotResume` if something was stripped from the checkpoint, or if its method or
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
        provenance = EnvironmentProvenance.group(of: setup.specification)
        foreignExtensions = setup.foreignExtensions
        inactiveWorkers = setup.inactiveWorkers
        notices = setup.notices
        parameters = try setup.makeParameters(makeStore)
        evaluator = try setup.makeEvaluator()
        counters = checkpoint?.counters ?? Counters()
        history = checkpoint?.history ?? MetricHistory()
        bestEvaluation = checkpoint?.bestEvaluation
        lastEvaluation = checkpoint?.evaluation
        reachedTarget = checkpoint?.reachedTarget ?? false
        budget = StepBudget(taken: counters.agentSteps)
        slots = setup.makeSlots()
        countedEpisodes = slots.map { _ in 0 }
        countedSteps = slots.map(\.counts.agentSteps)
        pool = WorkerPool(count: slots.count + 1, timeout: setup.options.workerTimeout)
        try startWorkers(setup)
    }

    /// Whether no worker has steps left to take, whatever the limit.
    public var allWorkersFinished: Bool { !slots.contains { $0.isActive } }

    /// Agent steps claimed so far, readable while workers run.
    package var claimedAgentSteps: Int { budget.claimedSteps }

    /// Takes agent steps up to the limit or the next scheduled step, whichever comes first, and performs the work
    /// scheduled there.
    ///
    /// - Parameters:
    ///   - limit: agent steps, counted from the start of the run.
    ///   - isInterrupted: called about fifty times a second; once it returns `true`, workers stop at their next step
    ///     boundary.
    /// - Returns: what happened.
    /// - Throws: ``TrainingError`` (`runFailed`) with worker and step if an environment throws, a worker does not finish
    ///   a step in time, or the loss is no longer a number. ``checkpoint()`` still works then.
    @discardableResult
    public func advance(to limit: Int, isInterrupted: () -> Bool = { false }) throws(TrainingError) -> Report {
        if let failure { throw failure }
        var report = Report()
        if isScheduledWorkDue {
            try performScheduledWork(&report, isInterrupted: isInterrupted)
            return report
        }
        let goal = min(limit, nextScheduledStep)
        guard goal > counters.agentSteps else { return report }
        lastEvaluation = nil
        let active = slots.indices.filter { slots[$0].isActive }
        let failures = takeSteps(active, upTo: goal, isInterrupted: isInterrupted)
        detachLostWorkers()
        measurePause(active)
        updateCounters()
        try throwFirst(of: failures, during: "taking a step")
        for index in active where !slots[index].isActive {
            pool.dismiss(index)
            report.notices.append(
                "worker \(index) has finished after \(countedSteps[index]) steps of its own; its memory is released, and "
                    + "later checkpoints do not contain its replay")
        }
        refreshProgress()
        try performScheduledWork(&report, isInterrupted: isInterrupted)
        return report
    }

    /// Lets workers take steps until the granted ones are used up.
    private func takeSteps(_ active: [Int], upTo goal: Int, isInterrupted: () -> Bool) -> [Int: WorkerFailure] {
        budget.reset(taken: counters.agentSteps)
        budget.grant(upTo: goal)
        let (slots, budget) = (slots, budget)
        return pool.perform(on: active) { index, heartbeat in
            let slot = slots[index]
            let started = ContinuousClock.now
            defer { slot.publish { slot.lastRun = (started, .now) } }
            try slot.worker?.run(budget, heartbeat)
            if slot.worker?.isFinished ?? false { slot.releaseFinishedWorker() }
        } onFailure: {
            budget.stop()
        } whileWaiting: {
            if isInterrupted() { budget.stop() }
        }
    }

    /// The next step at which a row of metrics or an evaluation is scheduled.
    private var nextScheduledStep: Int {
        let step = counters.agentSteps
        func next(_ interval: Int) -> Int { (step / interval + 1) * interval }
        var scheduled = next(configuration.logInterval)
        if configuration.evaluationInterval > 0 {
            scheduled = min(scheduled, next(configuration.evaluationInterval))
            if configuration.scheduleSteps > step { scheduled = min(scheduled, configuration.scheduleSteps) }
        }
        return scheduled
    }

    /// Adds what the workers have done since the last call.
    private func updateCounters() {
        for (index, counts) in slots.map(\.counts).enumerated() {
            let (steps, episodes) = (counts.agentSteps, counts.episodes)
            let taken = steps - countedSteps[index]
            counters.agentSteps += taken
            counters.frames += taken * framesPerStep
            counters.episodes += episodes - countedEpisodes[index]
            countedSteps[index] = steps
            countedEpisodes[index] = episodes
        }
        counters.gradientUpdates = parameters.updateCount
        counters.targetRefreshes = parameters.targetRefreshCount
    }
}
