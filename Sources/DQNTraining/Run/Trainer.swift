public import DQNCheckpoint
internal import DQNEnvironments
public import DQNModel
public import DQNNetwork

/// Trains one network on one environment, a step at a time: everything a run computes, and nothing of files or clocks.
///
/// Equal configurations give equal sequences of states, and a trainer made from a ``checkpoint()`` goes on exactly as
/// the one that made it would have. Not thread-safe.
public final class Trainer {
    /// What an agent step led to, besides learning.
    public struct StepReport: Sendable {
        /// The row that the step added to the metrics, where it added one.
        public var metrics: [String: Double]?
        /// The evaluation made at this step.
        public var evaluation: Evaluation?
        /// Whether that evaluation is the best of the run so far.
        public var isBest = false
    }

    /// The run's settings.
    public let configuration: TrainingConfiguration
    /// The network.
    public let architecture: NetworkArchitecture
    /// What has been counted so far.
    public private(set) var counters: Counters
    /// Metrics against agent steps.
    public private(set) var history: MetricHistory
    /// The best evaluation so far.
    public private(set) var bestEvaluation: Evaluation?
    /// Whether an evaluation has reached the target return, which ends the run.
    public private(set) var reachedTarget: Bool

    private let method: StandardDQN
    private let worker: Worker
    private let evaluator: Evaluator
    private var lastEvaluation: Evaluation?
    private var statistics: TrainingStatistics
    private let epsilonSchedule: LinearSchedule
    private let learningRateSchedule: LinearSchedule

    /// Starts a run at agent step 0.
    ///
    /// - Throws: ``TrainingError``, `ModelError` or `NetworkError` for settings that do not fit each other or the
    ///   environment; whatever the environment throws at its first reset.
    public convenience init(
        _ configuration: TrainingConfiguration, backend: any ComputeBackend = OneDNNBackend()
    ) throws {
        let environment = try EnvironmentRegistry.make(configuration.environment)
        try configuration.validate(for: environment.specification)
        let architecture = try configuration.architecture(for: environment.specification)
        try ComputeThreads.set(configuration.computeThreads)
        let seed = UInt64(configuration.seed)
        var initialisation = RandomGenerator(seed: seed, stream: "initialisation")
        try self.init(
            configuration, architecture: architecture,
            method: StandardDQN(
                configuration, architecture: architecture, backend: backend, generator: &initialisation),
            worker: Worker(configuration, environment: environment, index: 0), restoring: nil)
    }

    /// Goes on from a checkpoint, exactly.
    ///
    /// - Throws: ``TrainingError`` (`cannotResume`) when something was stripped from it; other errors as
    ///   ``init(_:backend:)``.
    public convenience init(resuming checkpoint: Checkpoint, backend: any ComputeBackend = OneDNNBackend()) throws {
        let configuration = try TrainingConfiguration(json: checkpoint.configuration)
        let environment = try EnvironmentRegistry.make(configuration.environment)
        try configuration.validate(for: environment.specification)
        guard checkpoint.architecture == (try configuration.architecture(for: environment.specification)) else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint's network is not the one that its configuration and "
                    + "'\(configuration.environment)' give; it cannot be resumed.")
        }
        guard checkpoint.stripped.isEmpty, checkpoint.workers.count == 1, let state = checkpoint.workers.first else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint holds no whole training state (stripped: "
                    + "\(checkpoint.stripped.joined(separator: ", ")); \(checkpoint.workers.count) workers); "
                    + "resume from a whole one.")
        }
        try ComputeThreads.set(configuration.computeThreads)
        try self.init(
            configuration, architecture: checkpoint.architecture,
            method: StandardDQN(configuration, backend: backend, restoring: checkpoint),
            worker: Worker(configuration, environment: environment, restoring: state), restoring: checkpoint)
    }

    private init(
        _ configuration: TrainingConfiguration, architecture: NetworkArchitecture, method: StandardDQN, worker: Worker,
        restoring checkpoint: Checkpoint?
    ) throws {
        self.configuration = configuration
        self.architecture = architecture
        self.method = method
        self.worker = worker
        evaluator = try Evaluator(configuration)
        counters = checkpoint?.counters ?? Counters()
        history = checkpoint?.history ?? MetricHistory()
        bestEvaluation = checkpoint?.bestEvaluation
        lastEvaluation = checkpoint?.evaluation
        reachedTarget = checkpoint?.reachedTarget ?? false
        statistics = TrainingStatistics(checkpoint?.statistics ?? [:])
        let horizon = Double(configuration.scheduleSteps)
        epsilonSchedule = LinearSchedule(
            from: configuration.epsilonStart, to: configuration.epsilonFinal,
            over: horizon * configuration.epsilonFraction)
        learningRateSchedule = LinearSchedule(
            from: configuration.learningRate, to: configuration.learningRateFinal ?? configuration.learningRate,
            over: horizon)
    }

    /// ε of the next action; 1 during warm-up.
    public var epsilon: Double {
        counters.agentSteps < configuration.learningStarts ? 1 : epsilonSchedule.value(at: counters.agentSteps)
    }

    /// Mean return of the last hundred training episodes, or NaN before the first has ended.
    public var meanEpisodeReturn: Double { worker.meanReturn }

    /// Takes one agent step and everything that is due at it: learning, target refresh, metrics, evaluation.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) when the environment throws or the loss stops being a number.
    @discardableResult
    public func step() throws -> StepReport {
        let episodeEnded = try act()
        counters.agentSteps += 1
        counters.frames += worker.framesPerStep
        if episodeEnded { counters.episodes += 1 }
        if counters.agentSteps % configuration.targetInterval == 0 {
            method.refreshTarget()
            counters.targetRefreshes += 1
        }
        if counters.agentSteps > configuration.learningStarts, counters.agentSteps % configuration.trainInterval == 0 {
            try learn()
        }
        return try report()
    }

    private func act() throws -> Bool {
        do {
            return try worker.step(epsilon: epsilon) { observation in
                try self.method.actionValues(observation).indexOfMaximum
            }
        } catch let error as NetworkError {
            throw error
        } catch {
            throw TrainingError(
                code: .runFailed,
                message: "The environment '\(configuration.environment)' failed at agent step \(counters.agentSteps): "
                    + "\(error)",
                underlying: error)
        }
    }

    private func learn() throws {
        let updates = configuration.gradientSteps == 0 ? configuration.trainInterval : configuration.gradientSteps
        let learningRate = learningRateSchedule.value(at: counters.agentSteps)
        for _ in 0..<updates {
            let update = try method.update(
                from: worker.replay, generator: &worker.sampling, learningRate: learningRate)
            counters.gradientUpdates += 1
            guard update.loss.isFinite, update.gradientNorm.isFinite else {
                throw TrainingError(
                    code: .runFailed,
                    message: "The loss is no longer a number at update \(counters.gradientUpdates) (agent step "
                        + "\(counters.agentSteps)); lower learning_rate or max_gradient_norm.")
            }
            statistics.add(loss: update.loss, gradientNorm: update.gradientNorm)
        }
    }

    private func report() throws -> StepReport {
        let step = counters.agentSteps
        var report = StepReport()
        lastEvaluation = nil
        let interval = configuration.evaluationInterval
        if interval > 0, step % interval == 0 || step == configuration.scheduleSteps { try evaluate(into: &report) }
        guard step % configuration.logInterval == 0 || report.evaluation != nil else { return report }
        var row = statistics.takeRow()
        row["rollout/ep_rew_mean"] = worker.meanReturn
        row["rollout/ep_len_mean"] = worker.meanLength
        row["rollout/exploration_rate"] = epsilon
        row["time/episodes"] = Double(counters.episodes)
        row["train/n_updates"] = Double(counters.gradientUpdates)
        row["train/learning_rate"] = learningRateSchedule.value(at: step)
        if let evaluation = report.evaluation {
            row["eval/mean_reward"] = evaluation.meanReturn
            row["eval/std_reward"] = evaluation.standardDeviation
        }
        history.append(agentSteps: step, row)
        report.metrics = row
        return report
    }

    private func evaluate(into report: inout StepReport) throws {
        let evaluation = try evaluator.evaluate(index: counters.evaluations, agentSteps: counters.agentSteps) {
            try self.method.actionValues($0).indexOfMaximum
        }
        counters.evaluations += 1
        lastEvaluation = evaluation
        report.evaluation = evaluation
        if bestEvaluation.map({ evaluation.meanReturn > $0.meanReturn }) ?? true {
            bestEvaluation = evaluation
            report.isBest = true
        }
        if let target = configuration.targetReturn, evaluation.meanReturn >= target { reachedTarget = true }
    }

    /// The whole state at this step boundary, by value: replay chunks are shared, parameters copied once.
    public func checkpoint() throws -> Checkpoint {
        let (online, target, optimizer) = method.snapshot()
        return Checkpoint(
            writer: .current, configuration: configuration.json, architecture: architecture, online: online,
            target: target, optimizer: optimizer, counters: counters, workers: [try worker.snapshot()],
            evaluation: lastEvaluation, bestEvaluation: bestEvaluation, reachedTarget: reachedTarget,
            statistics: statistics.values, history: history)
    }
}
