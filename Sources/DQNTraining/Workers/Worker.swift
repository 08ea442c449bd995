internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

/// One actor-learner: its environments with their episodes, a random stream and a ``Learner``.
///
/// It steps its N environments in rounds, each of them once. Environment t modulo N takes the worker's step t, so that a
/// run may stop within a round and continue there.
///
/// `@unchecked Sendable`: only its own thread uses it during a job, and only the trainer between jobs; the pool's monitor
/// separates the two. Nothing reads a lost worker again.
final class Worker: @unchecked Sendable {
    /// The number of episodes in the rolling mean of returns.
    static let recentEpisodes = 100

    let index: Int
    let learner: any VectorLearner
    /// The learner, if its updates can be cut short.
    private let resumable: (any ResumableLearner)?
    private(set) var recentReturns: [Double]
    private(set) var recentLengths: [Int]

    private let configuration: TrainingConfiguration
    private let store: any ParameterStore
    private let refreshesTarget: Bool
    private let counts: WorkerCounts
    private let environments: [WorkerEnvironment]
    /// Steps the environments at the same time, each on a thread; `nil` if the worker's own thread steps them.
    private let threads: EnvironmentThreads?
    /// Whether all environments begin a step before the first is waited for.
    private let preparesSteps: Bool
    private let actions: UnsafeMutableBufferPointer<Int>
    private var explorationGenerator: RandomGenerator

    /// Creates a worker, new or from its stored state; called on the worker's thread.
    ///
    /// - Parameters:
    ///   - environments: not reset yet.
    ///   - kept: states from which each environment takes what it keeps across episodes.
    ///   - processors: those that decide how environments in processes are stepped; the results are the same.
    /// - Throws: what an environment or the learner throws.
    init(
        _ context: LearnerContext, _ method: any TrainingMethod, _ counts: WorkerCounts,
        environments: [any Environment], keeping kept: [StateSnapshot?] = [],
        processors: Int = Processors.available
    ) throws {
        self.counts = counts
        configuration = context.configuration
        index = context.worker
        store = context.store
        refreshesTarget = method.usesTarget
        let depth = context.configuration.frameStack
        self.environments = environments.enumerated().map {
            WorkerEnvironment(
                $1, index: $0, context.environment, frameStack: depth, usesMasks: context.configuration.actionMasks)
        }
        let areProcesses = environments.count > 1 && configuration.runsEnvironmentsInProcesses
        // A thread for each costs more than it gains unless it and the process have a processor each.
        let haveProcessors = processors >= 2 * environments.count * configuration.workers
        preparesSteps = areProcesses && !haveProcessors && self.environments.allSatisfy(\.canPrepareStep)
        threads =
            areProcesses && !preparesSteps
            ? EnvironmentThreads(self.environments, worker: context.worker) : nil
        if let state = context.state { try Self.requireSameNumber(of: environments.count, in: state) }
        explorationGenerator = context.generator("exploration")
        recentReturns = context.state?.recentReturns ?? []
        recentLengths = context.state?.recentLengths ?? []
        actions = .allocate(capacity: environments.count)
        actions.initialize(repeating: 0)
        ComputeThreads.useCallingThreadOnly()
        learner = try Self.learner(context, method, environments: environments.count)
        resumable = learner as? any ResumableLearner
        for environment in self.environments {
            if kept.indices.contains(environment.index), let state = kept[environment.index] {
                environment.adopt(state)
            }
            try start(environment, context)
            Heartbeat.current?.beat()
        }
    }

    deinit { actions.deallocate() }

    /// Refuses a state of another number of environments: the round, the segment and the replay depend on it.
    private static func requireSameNumber(of environments: Int, in state: WorkerState) throws(TrainingError) {
        let stored = state.additionalEnvironments.count + 1
        // A worker that was lost before its first save has no state of its environments.
        guard stored != environments, stored > 1 || state.learner != nil || state.replay != nil else { return }
        throw TrainingError(
            code: .cannotResume,
            message: "The checkpoint has \(stored) environments per worker, not \(environments); a run keeps "
                + "environments_per_worker.")
    }

    private static func learner(
        _ context: LearnerContext, _ method: any TrainingMethod, environments: Int
    ) throws -> any VectorLearner {
        let learner = try method.makeLearner(context)
        if let learner = learner as? any VectorLearner { return learner }
        guard environments == 1 else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method '\(method.name)' steps one environment per worker, not \(environments); set "
                    + "environments_per_worker to 1, or use more workers.")
        }
        return SingleEnvironmentLearner(learner)
    }

    /// Continues an environment's stored episode, or starts a new one if there is none or it cannot continue.
    private func start(_ environment: WorkerEnvironment, _ context: LearnerContext) throws {
        if let state = context.state {
            if try environment.restore(from: state) { return }
            learner.abandonEpisode(in: environment.index)
            learner.statistics.countAbandonedEpisode()
        }
        var seeds = context.generator(environment.index == 0 ? "environment" : "environment/\(environment.index)")
        try environment.start(seed: seeds.next(), learner)
    }

    /// Why environments could not be restored, if new episodes were started instead.
    var restoreFailures: [(environment: Int, error: EnvironmentError)] {
        environments.compactMap { environment in environment.restoreFailure.map { (environment.index, $0) } }
    }

    /// Why the state of an environment could not be captured, once that has turned out.
    var captureObstacle: String? { environments.lazy.compactMap(\.captureObstacle).first }

    /// The newest observation of the first environment.
    var frame: Observation { environments[0].frame }
    /// Agent steps that this worker has taken.
    var agentSteps: Int { counts.agentSteps }
    /// Whether it has taken all the steps that one worker may take.
    var isFinished: Bool { configuration.workerSteps > 0 && agentSteps >= configuration.workerSteps && !hasOpenUpdate }
    /// Whether the update after the last step was cut short.
    var hasOpenUpdate: Bool { resumable?.hasOpenUpdate ?? false }
    /// The probability of a random action; `nil` for a method without one.
    func explorationRate(at totalSteps: Int) -> Double? {
        learner.explorationRate(at: StepCount(total: totalSteps, worker: agentSteps))
    }

    /// Completes an update that was cut short, then takes steps while the source has some. Stops after an update that is
    /// cut short.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) with worker and step if an environment or the learner throws.
    func run(_ source: any StepSource, _ heartbeat: Heartbeat) throws {
        let limit = configuration.workerSteps > 0 ? configuration.workerSteps : .max
        if let resumable, resumable.hasOpenUpdate {
            try attributingErrors(to: source.claimedSteps) { try resumable.continueUpdate() }
        }
        while !hasOpenUpdate {
            let taken = agentSteps
            let first = taken % environments.count
            guard let steps = try source.claim(atMost: min(environments.count - first, limit - taken)) else { return }
            try takeSteps(steps, from: first, taken)
            heartbeat.beat()
        }
    }

    /// Takes one step in each of several environments: a round, or the next part of one. Chooses the actions, applies
    /// them, refreshes the target if due and, at the end of the round, learns.
    ///
    /// - Parameters:
    ///   - steps: the steps' indices over all workers, from 0.
    ///   - first: the first environment.
    ///   - taken: agent steps that this worker has taken.
    private func takeSteps(_ steps: Range<Int>, from first: Int, _ taken: Int) throws {
        let part = first..<(first + steps.count)
        try attributingErrors(to: steps.lowerBound) {
            try learner.chooseActions(
                in: part, at: StepCount(total: steps.lowerBound, worker: taken), using: &explorationGenerator,
                into: actions
            ) { environments[$0].observation }
        }
        for index in part { environments[index].action = actions[index] }
        try step(part, steps)
        try attributingErrors(to: steps.upperBound - 1) {
            if refreshesTarget {
                let interval = configuration.targetInterval
                for _ in 0..<(steps.upperBound / interval - steps.lowerBound / interval) {
                    try store.refreshTarget(rate: configuration.targetRate)
                }
            }
            guard part.upperBound == environments.count else { return }
            try learner.learn(
                at: StepCount(total: steps.upperBound, worker: taken + steps.count), using: &explorationGenerator)
        }
    }

    /// Adds worker and step to an error of the learner.
    private func attributingErrors<Result>(to step: Int, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw TrainingError(
                code: (error as? TrainingError)?.code ?? .runFailed,
                message: "Worker \(index) failed at agent step \(step): \(systemReason(error))", underlying: error)
        }
    }

    /// Steps environments and reports each step to the learner, in index order.
    private func step(_ part: Range<Int>, _ steps: Range<Int>) throws {
        threads?.step(part)
        if preparesSteps { for index in part { environments[index].prepareStep() } }
        for index in part {
            if threads == nil { environments[index].step() }
            // What follows a step, such as a reset, may take long, and the others wait for it here.
            if preparesSteps { Heartbeat.current?.beat() }
            do { try environments[index].finishStep(learner, counts, onGameOver: recordEpisode) } catch {
                // These have taken steps that nothing has observed.
                if threads != nil || preparesSteps {
                    for later in (index + 1)..<part.upperBound { environments[later].lose() }
                }
                throw TrainingError(
                    code: .runFailed,
                    message: "\(name(of: index)) failed at agent step \(steps.lowerBound + index - part.lowerBound): "
                        + "\(systemReason(error))",
                    underlying: error)
            }
        }
    }

    private func name(of environment: Int) -> String {
        let place = environments.count > 1 ? "environment \(environment) of worker \(index)" : "worker \(index)"
        return "The environment '\(configuration.environment)' of \(place)"
    }

    /// Records the return and length of a game that is over.
    private func recordEpisode(_ episodeReturn: Double, _ length: Int) {
        counts.countEpisode()
        recentReturns.append(episodeReturn)
        recentLengths.append(length)
        if recentReturns.count > Self.recentEpisodes {
            recentReturns.removeFirst()
            recentLengths.removeFirst()
        }
    }

    /// Returns the state at this step boundary, by value: replay chunks are shared, not copied.
    ///
    /// - Parameter onLostEnvironment: called with the reason if an environment cannot save its state. The rest of the
    ///   state is complete, and the episode counts as abandoned.
    func snapshot(onLostEnvironment: (TrainingError) -> Void) throws -> WorkerState {
        var state = state(.running)
        for environment in environments {
            do { try environment.save(into: &state) } catch {
                onLostEnvironment(
                    TrainingError(
                        code: .runFailed,
                        message: "\(name(of: environment.index)) could not save its state after \(agentSteps) agent "
                            + "steps of the worker: \(systemReason(error))",
                        underlying: error))
            }
            if environment.isLost { state.status = .abandoned }
        }
        try learner.save(into: &state)
        return state
    }

    /// The state of a finished worker: without a replay, because the worker will not learn again.
    var finalState: WorkerState { state(.finished) }

    private func state(_ status: WorkerStatus) -> WorkerState {
        WorkerState(
            generators: ["exploration": explorationGenerator], environment: nil, observation: nil,
            episodeReturn: environments[0].episodeReturn, episodeLength: environments[0].episodeLength,
            recentReturns: recentReturns, recentLengths: recentLengths, replay: nil, status: status,
            agentSteps: agentSteps)
    }
}

extension TrainingConfiguration {
    /// Whether each environment is a process of its own, which the worker only waits for.
    var runsEnvironmentsInProcesses: Bool { (try? EnvironmentID(environment))?.kind == .gymnasium }

    /// Creates the environments of one worker.
    ///
    /// - Parameter first: one that exists already, if any.
    func makeEnvironments(
        worker: Int, _ gymnasium: GymnasiumSettings, first: (any Environment)?
    ) throws -> [any Environment] {
        var environments = first.map { [$0] } ?? []
        let missing = environmentsPerWorker - environments.count
        guard missing > 1, runsEnvironmentsInProcesses else {
            for _ in 0..<missing {
                environments.append(try makeEnvironment(for: .training, gymnasium: gymnasium))
                // Each has the time limit of a start to itself.
                Heartbeat.current?.beat()
            }
            return environments
        }
        // Each starts a process, which takes most of a second.
        return environments
            + (try EnvironmentThreads.create(missing, worker: worker) {
                try self.makeEnvironment(for: .training, gymnasium: gymnasium)
            })
    }
}
