public import DQNCheckpoint
internal import DQNEnvironments
public import DQNLearning
public import DQNModel
public import DQNNetwork

/// Trains one network with any number of workers: everything a run computes, and nothing of files or clocks.
///
/// The trainer is the workers' chief. It grants them agent steps up to the next one at which something is due (a row of
/// the metrics, an evaluation, the caller's limit); there all of them stand still at step boundaries, and the number of
/// steps taken is exactly that one.
///
/// With one worker, equal configurations give equal sequences of states, and a trainer made from a ``checkpoint()`` goes
/// on exactly as the one that made it would have. Several workers race, as the methods intend.
///
/// Not thread-safe; the workers' threads are its own and end with it, but for one that is stuck in its environment.
public final class Trainer {
    /// How the chief runs its workers; nothing of it changes what is computed.
    public struct Conduct: Sendable {
        /// Seconds without a finished step after which a worker counts as stuck.
        public var workerTimeout: Double
        /// Bytes that all workers together may take; `nil` for what the machine has.
        public var memory: Int?
        /// Agent steps between checkpoints, for reckoning memory; `nil` where they come at no fixed interval.
        public var saveInterval: Int?

        /// Creates rules.
        public init(workerTimeout: Double = 120, memory: Int? = nil, saveInterval: Int? = nil) {
            self.saveInterval = saveInterval
            self.workerTimeout = workerTimeout
            self.memory = memory
        }
    }

    /// What an advance led to.
    public struct Report: Sendable {
        /// The row that was added to the metrics, where one was due.
        public var metrics: [String: Double]?
        /// The same by worker.
        public var workers: [WorkerReport] = []
        /// The evaluation made at this step.
        public var evaluation: Evaluation?
        /// Whether that evaluation is the best of the run so far.
        public var isBest = false
        /// What the user should know: workers that have finished.
        public var notices: [String] = []
    }

    /// The run's settings.
    public let configuration: TrainingConfiguration
    /// The network.
    public let architecture: NetworkArchitecture
    /// What has been counted so far.
    public internal(set) var counters: Counters
    /// Metrics against agent steps.
    public internal(set) var history: MetricHistory
    /// The best evaluation so far.
    public internal(set) var bestEvaluation: Evaluation?
    /// Whether an evaluation has reached the target return, which ends the run.
    public internal(set) var reachedTarget: Bool
    /// Why the run cannot go on, once a worker has failed; what can be saved of it still can.
    public internal(set) var failure: TrainingError?
    /// What the user should know about how the workers came to be: episodes and replays that do not go on.
    public private(set) var notices: [String]
    /// Mean return of the last hundred training episodes of each worker; NaN before the first has ended.
    public internal(set) var meanEpisodeReturn = Double.nan
    /// ε of the next action, averaged over the workers; `nil` for a method without.
    public internal(set) var epsilon: Double?

    /// How long the workers stood still before the last advance; `nil` before the second one.
    public internal(set) var standstill: Standstill?
    /// When each worker stopped after the last advance.
    var lastStops: [ContinuousClock.Instant] = []

    let method: any TrainingMethod
    let parameters: any ParameterStore
    let budget: StepBudget
    let crew: Crew
    let stations: [Station]
    /// Workers of an earlier, larger crew, kept as they were.
    let resting: [WorkerState]
    /// Groups that others left in the checkpoint: they stay in later ones.
    let foreignExtensions: [ExtensionGroup]
    /// What runs the environment, for checkpoints.
    let provenance: ExtensionGroup?
    let evaluator: Evaluator
    private let framesPerStep: Int
    var lastEvaluation: Evaluation?
    private var countedEpisodes: [Int]
    private var countedSteps: [Int]

    /// Starts a run at agent step 0.
    ///
    /// - Parameters:
    ///   - backend: what computes; oneDNN on the configuration's compute threads without.
    ///   - makeStore: creates the parameters' store; one in this process's memory without.
    /// - Throws: ``TrainingError``, `ModelError` or `NetworkError` for settings that do not fit each other, the machine
    ///   or the environment; whatever the environment throws at its first reset.
    public convenience init(
        _ configuration: TrainingConfiguration, conduct: Conduct = Conduct(),
        backend: (any ComputeBackend)? = nil, makeStore: ParameterStoreFactory? = nil
    ) throws {
        try self.init(
            configuration, restoring: nil, conduct: conduct, backend: backend, makeStore: makeStore)
    }

    /// Goes on from a checkpoint; with the same number of workers as exactly as its method can.
    ///
    /// Workers beyond the new number rest: their states are kept in later checkpoints. Workers that the checkpoint does
    /// not have begin anew, with streams and replays of their own. ``notices`` says so.
    ///
    /// - Parameters:
    ///   - workers: how many; `nil` keeps the run's own.
    ///   - backend: what computes; oneDNN on the configuration's compute threads without.
    ///   - makeStore: creates the parameters' store; one in this process's memory without.
    /// - Throws: ``TrainingError`` (`cannotResume`) when something was stripped from it, or when its method or
    ///   environment is a plug-in's that is not registered; other errors as
    ///   ``init(_:conduct:backend:makeStore:)``.
    public convenience init(
        resuming checkpoint: Checkpoint, workers: Int? = nil, conduct: Conduct = Conduct(),
        backend: (any ComputeBackend)? = nil, makeStore: ParameterStoreFactory? = nil
    ) throws {
        var configuration = try TrainingConfiguration(json: checkpoint.configuration)
        try configuration.requireKnown(with: checkpoint.extensions)
        configuration.workers = workers ?? configuration.workers
        guard checkpoint.stripped.isEmpty, !checkpoint.workers.isEmpty else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint holds no whole training state (stripped: "
                    + "\(checkpoint.stripped.joined(separator: ", ")); \(checkpoint.workers.count) workers); "
                    + "resume from a whole one.")
        }
        try self.init(
            configuration, restoring: checkpoint, conduct: conduct, backend: backend, makeStore: makeStore)
    }

    private init(
        _ configuration: TrainingConfiguration, restoring checkpoint: Checkpoint?, conduct: Conduct,
        backend: (any ComputeBackend)?, makeStore: ParameterStoreFactory?
    ) throws {
        let environment = try configuration.makeEnvironment(for: .training).specification
        _ = try Preset.named(configuration.preset)
        try configuration.validate(for: environment)
        let architecture = try configuration.architecture(for: environment)
        guard checkpoint.map({ $0.architecture == architecture }) ?? true else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint's network is not the one that its configuration and "
                    + "'\(configuration.environment)' give; it cannot be resumed.")
        }
        self.configuration = configuration
        self.architecture = architecture
        let method = try TrainingMethods.named(configuration.method)
        self.method = method
        framesPerStep = environment.framesPerStep
        provenance = Provenance.group(of: environment)
        let ownExtensions = [method.extensionOwner, Provenance.owner]
        foreignExtensions = checkpoint?.extensions.filter { !ownExtensions.contains($0.owner) } ?? []
        var states = try checkpoint.map { try $0.workerStates(of: method) } ?? []
        try MemoryBudget(
            configuration, architecture, environment, method, states: states, saveInterval: conduct.saveInterval
        ).check(conduct.memory)
        let team = configuration.computeThreads > 1 ? ComputeTeam(threads: configuration.computeThreads) : nil
        let backend = backend ?? OneDNNBackend(team: team)
        let layout = try ParameterLayout(architecture)
        let state =
            try checkpoint.map {
                try ParameterState(restoring: $0, for: configuration, usesTarget: method.usesTarget)
            } ?? ParameterState(drawnFor: configuration, layout: layout, usesTarget: method.usesTarget)
        parameters =
            try makeStore?(configuration, layout, state)
            ?? SharedParameters(configuration, layout: layout, restoring: state, team: team)
        evaluator = try Evaluator(configuration, architecture, backend: backend)
        counters = checkpoint?.counters ?? Counters()
        history = checkpoint?.history ?? MetricHistory()
        bestEvaluation = checkpoint?.bestEvaluation
        lastEvaluation = checkpoint?.evaluation
        reachedTarget = checkpoint?.reachedTarget ?? false
        budget = StepBudget(taken: counters.agentSteps)

        var notices: [String] = []
        let count = configuration.workers
        resting = states.dropFirst(count).enumerated().map { offset, state in
            notices.append(
                "worker \(count + offset) rests: its state is kept in the checkpoints, but not used")
            var state = state
            if state.standing == .running { state.standing = .resting }
            return state
        }
        if checkpoint != nil {
            for index in 0..<count where index >= states.count {
                notices.append(
                    "worker \(index) is new: it begins an episode of its own"
                        + (method.usesReplay ? " with an empty replay" : ""))
            }
        }
        states = Array(states.prefix(count))
        for (index, state) in states.enumerated()
        where state.standing != .finished && (state.standing == .abandoned || state.environment == nil) {
            notices.append("worker \(index) begins a new episode: the one under way cannot be gone on with")
        }
        self.notices = notices + Provenance.notices(of: checkpoint?.extensions ?? [], for: environment)
        stations = (0..<count).map { Station(index: $0, state: $0 < states.count ? states[$0] : nil) }
        countedEpisodes = [Int](repeating: 0, count: count)
        countedSteps = states.map(\.agentSteps) + [Int](repeating: 0, count: count - states.count)
        crew = Crew(count: count + 1, timeout: conduct.workerTimeout)
        try muster(environment, backend, TrainingStatistics(checkpoint?.statistics ?? [:]))
    }

    /// Has each worker made on its own thread.
    private func muster(
        _ environment: EnvironmentSpecification, _ backend: any ComputeBackend, _ statistics: TrainingStatistics
    ) throws {
        let (stations, configuration, method) = (stations, configuration, method)
        let (architecture, parameters) = (architecture, parameters)
        let troubles = crew.perform(on: stations.indices) { index, _ in
            let station = stations[index]
            if station.state?.standing == .finished { return }
            let worker = try Worker(
                LearnerContext(
                    configuration: configuration, architecture: architecture, environment: environment,
                    backend: backend, store: parameters, worker: index, state: station.state), method,
                station.counts)
            // With one worker the sums go on where they were, to the last bit; several share none.
            if stations.count == 1 {
                var sums = statistics
                sums.merge(worker.learner.statistics)
                worker.learner.statistics = sums
            }
            station.publish { station.worker = worker }
        }
        giveUpTheLost()
        if let (index, trouble) = troubles.min(by: { $0.key < $1.key }) {
            // A stored state that does not fit is the file's fault, not the run's.
            if case .failed(let error as ModelError) = trouble { throw error }
            throw self.error(trouble, of: index, doing: "setting up")
        }
        for (index, station) in stations.enumerated() {
            guard let misfit = station.worker?.misfit else { continue }
            notices.append(
                "worker \(index) begins a new episode: the one under way cannot be gone on with (\(misfit))")
        }
        if stations.count > 1 || !stations[0].isActive { stations[0].leftOver = statistics }
        lookAround()
    }

    /// Takes down what may be asked while the workers are at work.
    private func lookAround() {
        meanEpisodeReturn = pooledReturns().mean
        let rates = stations.compactMap { $0.worker?.explorationRate(at: counters.agentSteps) }
        epsilon = rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
    }

    /// The crew's last thread, which evaluates.
    var evaluatorsThread: Int { stations.count }

    /// Agent steps claimed so far, also while workers are at work.
    public var agentStepsUnderWay: Int { budget.claimedSteps }

    /// Whether no worker has steps left to take, whatever the limit.
    public var allWorkersFinished: Bool { !stations.contains { $0.isActive } }

    /// Takes agent steps up to the limit or to the next step at which a row or an evaluation is due, whichever is first,
    /// and does what is due there.
    ///
    /// - Parameters:
    ///   - limit: agent steps, counted from the run's beginning.
    ///   - isInterrupted: asked some fifty times a second; after `true` the workers stop at their next step boundaries.
    /// - Throws: ``TrainingError`` (`runFailed`) naming worker and step when an environment throws, a worker does not
    ///   finish a step in time, or the loss stops being a number. ``checkpoint()`` may still be made then.
    @discardableResult
    public func advance(to limit: Int, isInterrupted: () -> Bool = { false }) throws -> Report {
        if let failure { throw failure }
        if isWorkDue {
            var report = Report()
            try doWhatIsDue(&report, isInterrupted: isInterrupted)
            return report
        }
        let goal = min(limit, nextEvent)
        guard goal > counters.agentSteps else { return Report() }
        lastEvaluation = nil
        budget.settle(at: counters.agentSteps)
        budget.grant(upTo: goal)
        let (stations, budget) = (stations, budget)
        let active = stations.indices.filter { stations[$0].isActive }
        let troubles = crew.perform(on: active) { index, heartbeat in
            let started = ContinuousClock.now
            defer { stations[index].publish { stations[index].lastRun = (started, .now) } }
            try stations[index].worker?.run(budget, heartbeat)
            if stations[index].worker?.isFinished ?? false { stations[index].retire() }
        } onTrouble: {
            budget.stop()
        } whileWaiting: {
            if isInterrupted() { budget.stop() }
        }
        giveUpTheLost()
        var report = Report()
        measureStandstill(active)
        count()
        if let (index, trouble) = troubles.min(by: { $0.key < $1.key }) {
            let failure = error(trouble, of: index, doing: "taking a step")
            self.failure = failure
            throw failure
        }
        for index in active where !stations[index].isActive {
            crew.dismiss(index)
            report.notices.append(
                "worker \(index) has finished after \(countedSteps[index]) steps of its own; its memory is given back, and "
                    + "later checkpoints hold no replay of it")
        }
        lookAround()
        try doWhatIsDue(&report, isInterrupted: isInterrupted)
        return report
    }

    /// Makes sure that threads which were waited for in vain touch nothing any more that the chief reads.
    func giveUpTheLost() { for index in crew.lost where index < stations.count { stations[index].giveUp() } }

    /// The next step at which a row of the metrics or an evaluation is due.
    private var nextEvent: Int {
        let step = counters.agentSteps
        func next(_ interval: Int) -> Int { (step / interval + 1) * interval }
        var event = next(configuration.logInterval)
        if configuration.evaluationInterval > 0 {
            event = min(event, next(configuration.evaluationInterval))
            if configuration.scheduleSteps > step { event = min(event, configuration.scheduleSteps) }
        }
        return event
    }

    /// Adds what the workers have done since the last count.
    private func count() {
        for (index, counts) in stations.map(\.counts).enumerated() {
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
