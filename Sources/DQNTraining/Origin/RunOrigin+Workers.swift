internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension RunOrigin {
    /// Adds the workers' states: replays, private optimisers, and what environments keep across episodes.
    func addWorkers(
        to start: inout Start, _ configuration: TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod
    ) throws {
        let perWorker = configuration.environmentsPerWorker
        let replays = try replays(for: configuration, environment, method, &start.report)
        let layout = try ParameterLayout(start.checkpoint.architecture)
        let carriesOptimizers = carriesWorkerOptimizers(configuration, layout)
        let steps = workerSteps(configuration)
        for index in 0..<configuration.workers {
            // Abandoned: its episode begins anew.
            var worker = WorkerState(
                generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0,
                recentReturns: [], recentLengths: [], replay: nil, status: .abandoned, agentSteps: steps[index])
            worker.additionalEnvironments = (1..<perWorker).map { _ in SubEnvironmentState() }
            if !replays.isEmpty {
                worker.replay = replays[index * perWorker]
                for other in 1..<perWorker {
                    worker.additionalEnvironments[other - 1].replay = replays[index * perWorker + other]
                }
            }
            var values: [String: StateSnapshot.Value] = [:]
            if !replays.isEmpty, configuration.prioritized { values["largest_priority"] = .float64([largestPriority]) }
            if carriesOptimizers, let learner = checkpoint.workers[index].learner {
                values.merge(learner.values.filter { $0.key.hasPrefix("optimizer") }) { $1 }
            }
            if !values.isEmpty {
                if !configuration.sharesStatistics, values["optimizer_steps"] == nil {
                    WorkerOptimizer.save(Optimizer(configuration.optimizer, layout: layout), into: &values)
                }
                worker.learner = StateSnapshot(kind: configuration.method, version: 1, values: values)
            }
            start.checkpoint.workers.append(worker)
        }
    }

    /// The agent steps that each worker has taken: none in a new schedule. A worker begins with a whole round of its
    /// environments.
    private func workerSteps(_ configuration: TrainingConfiguration) -> [Int] {
        let count = configuration.workers
        guard options.continuesSchedule else { return [Int](repeating: 0, count: count) }
        let stored = checkpoint.workers.map(\.agentSteps)
        let steps =
            stored.count == count && stored.reduce(0, +) == agentSteps
            ? stored : (0..<count).map { (agentSteps + count - 1 - $0) / count }
        let perWorker = configuration.environmentsPerWorker
        return steps.map { $0 / perWorker * perWorker }
    }

    /// Whether the stored steps and environments are those of the new run's environment.
    private func isSameEnvironment(_ configuration: TrainingConfiguration) -> Bool {
        guard let before = self.configuration else { return false }
        return before.environment == configuration.environment && before.wrappers == configuration.wrappers
    }

    private var storedReplays: [ReplaySnapshot] {
        checkpoint.workers.flatMap { worker in
            [worker.replay].compactMap(\.self) + worker.additionalEnvironments.compactMap(\.replay)
        }
    }

    /// The largest priority of any worker; 1 without one.
    private var largestPriority: Double {
        checkpoint.workers.compactMap { try? $0.learner?.float64("largest_priority", count: 1)[0] }.max() ?? 1
    }

    private func replays(
        for configuration: TrainingConfiguration, _ environment: EnvironmentSpecification,
        _ method: any TrainingMethod, _ report: inout Report
    ) throws -> [ReplaySnapshot] {
        guard method.usesReplay else { return [] }
        if let obstacle = replayObstacle(configuration, method) {
            report.anew.append((.replay, obstacle))
            return []
        }
        let sources = storedReplays
        let replays: [ReplaySnapshot]
        do throws(ModelError) {
            replays = try ReplayTransfer(to: configuration, frame: environment.observationSpace).replays(
                from: sources, keepsPriorities: keepsPriorities(configuration), largestPriority: largestPriority)
        } catch {
            report.anew.append((.replay, error.message))
            return []
        }
        let (old, new) = (sources.reduce(0) { $0 + $1.count }, replays.reduce(0) { $0 + $1.count })
        report.carried.append((.replay, old == new ? "\(new) steps" : "\(min(old, new)) of \(old) steps"))
        return replays
    }

    /// Why the replays begin empty; `nil` if they carry over.
    private func replayObstacle(_ configuration: TrainingConfiguration, _ method: any TrainingMethod) -> String? {
        if options.policyOnly { return "--policy-only" }
        if storedReplays.isEmpty { return "the checkpoint has none" }
        if !isSameEnvironment(configuration) { return "its steps are of another environment or other wrappers" }
        if method.extensionOwner != nil
            || (try? TrainingMethods.named(self.configuration?.method ?? ""))?.extensionOwner != nil
        {
            return "a plug-in's method restores it in a resume only"
        }
        return nil
    }

    /// Whether stored priorities mean the same in the new run.
    private func keepsPriorities(_ configuration: TrainingConfiguration) -> Bool {
        guard let before = self.configuration else { return false }
        return before.prioritized && before.nStep == configuration.nStep
            && before.frameStack == configuration.frameStack
            && before.priorityExponent == configuration.priorityExponent
    }

    /// Adds the environments' states, if they are of the same environment.
    func addEnvironments(to start: inout Start, _ configuration: TrainingConfiguration, isSourceChanged: Bool) {
        guard isSameEnvironment(configuration) else { return }
        start.environments = checkpoint.workers.prefix(configuration.workers).map { worker in
            ([worker.environment] + worker.additionalEnvironments.map(\.environment))
                .prefix(configuration.environmentsPerWorker).map(\.self)
        }
        guard start.environments.contains(where: { $0.contains { $0 != nil } }) else { return }
        if isSourceChanged {
            // Restored attributes would hide the edit.
            start.environments = []
            start.report.anew.append((.environments, "the environment's source has changed"))
            return
        }
        start.report.carried.append((.environments, "what they keep across episodes"))
    }
}
