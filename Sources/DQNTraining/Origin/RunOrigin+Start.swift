internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

extension RunOrigin {
    /// The first state of a new run.
    struct Start {
        /// The state, with workers whose episodes have yet to begin.
        var checkpoint: Checkpoint
        /// The states of each worker's environments, for what they keep across episodes.
        var environments: [[StateSnapshot?]] = []
        /// What carried over.
        var report: Report
    }

    /// Creates the first state of a new run.
    ///
    /// - Parameter isSourceChanged: whether the environment's source has changed since the checkpoint.
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming a parameter that does not fit the new network, or if
    ///   there is no schedule to continue.
    func start(
        _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture,
        _ environment: EnvironmentSpecification, _ method: any TrainingMethod, isSourceChanged: Bool
    ) throws -> Start {
        try requireFit(architecture, configuration)
        var start = Start(
            checkpoint: Checkpoint(
                writer: .current, configuration: configuration.json, architecture: architecture,
                online: checkpoint.online),
            report: Report(changes: changes(to: configuration)))
        start.report.carried.append((.parameters, nil))
        if options.continuesSchedule {
            start.checkpoint.counters = checkpoint.counters
            // Evaluations of the new run are numbered anew: each draws its episodes from its number.
            start.checkpoint.counters.evaluations = 0
            start.report.carried.append((.schedule, "at agent step \(agentSteps)"))
        } else {
            start.report.anew.append((.schedule, "at agent step 0"))
        }
        addTarget(to: &start, method)
        try addOptimizer(to: &start, configuration)
        try addWorkers(to: &start, configuration, environment, method)
        addEnvironments(to: &start, configuration, isSourceChanged: isSourceChanged)
        start.report.anew.append((.randomStreams, "seed \(configuration.seed)"))
        start.report.anew.append((.episodes, nil))
        start.report.anew.append((.history, nil))
        let foreign = checkpoint.extensions.map(\.owner)
            .filter { ![method.extensionOwner, EnvironmentProvenance.owner, RunHealth.owner].contains($0) }
        if !foreign.isEmpty { start.report.anew.append((.extensions, foreign.joined(separator: ", "))) }
        return start
    }

    /// Refuses parameters that do not fit the new run's network.
    private func requireFit(
        _ architecture: NetworkArchitecture, _ configuration: TrainingConfiguration
    ) throws {
        let (old, new) = (try ParameterLayout(checkpoint.architecture), try ParameterLayout(architecture))
        func text(_ entry: ParameterLayout.Entry?) -> String { entry.map { "of shape \($0.shape)" } ?? "missing" }
        let names = old.entries.map(\.name) + new.entries.map(\.name).filter { old[$0] == nil }
        guard let name = names.first(where: { old[$0]?.shape != new[$0]?.shape }) else { return }
        guard !(checkpoint.configuration["network"] == nil && checkpoint.architecture.settings == nil) else {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "The network of '\(path)' (\(checkpoint.architecture.outline)) cannot be described by the setting "
                    + "'network', whose layers have one activation, so that no run can start from it; dqn-play plays it, and "
                    + "dqn-checkpoint export writes it for other programs.")
        }
        let changed = changes(to: configuration).filter { Self.networkKeys.contains($0.key) || $0.key == "environment" }
            .sorted { $0.key < $1.key }.map { "\($0) \(Self.text($1.old)) becomes \(Self.text($1.new))" }
        let why = changed.isEmpty ? "" : " (\(changed.joined(separator: ", ")))"
        throw TrainingError(
            code: .invalidConfiguration,
            message:
                "The parameters of '\(path)' do not fit the new run's network: '\(name)' is \(text(old[name])) "
                + "there and \(text(new[name])) here\(why); keep the network and choose an environment with the "
                + "same observations and actions, or start a run without --from.")
    }

    /// The settings that define the network, without the environment.
    static let networkKeys: Set<String> = ConfigurationRequest.Origin.networkKeys.union(["method"])

    private func addTarget(to start: inout Start, _ method: any TrainingMethod) {
        guard method.usesTarget else { return }
        start.checkpoint.target = checkpoint.target ?? checkpoint.online
        if checkpoint.target != nil {
            start.report.carried.append((.target, nil))
        } else {
            let why = options.policyOnly ? "--policy-only" : "the checkpoint has none"
            start.report.anew.append((.target, "a copy of the parameters: \(why)"))
        }
    }

    private func addOptimizer(to start: inout Start, _ configuration: TrainingConfiguration) throws {
        let layout = try ParameterLayout(start.checkpoint.architecture)
        let kind = configuration.optimizer.kind.rawValue
        func fresh() -> OptimizerState { Optimizer(configuration.optimizer, layout: layout).state }
        if let obstacle = optimizerObstacle(configuration, layout) {
            start.checkpoint.optimizer = fresh()
            start.report.anew.append((.optimizer, obstacle))
            return
        }
        guard var state = checkpoint.optimizer else { return }
        // A centred optimiser may become one that is not, which has fewer slots.
        let slots = fresh().slots
        state.slots = state.slots.filter { slots[$0.key] != nil }
        state.hyperparameters = fresh().hyperparameters
        start.checkpoint.optimizer = state
        // Optimisers of the workers themselves have taken the steps.
        if configuration.sharesStatistics {
            start.report.carried.append((.optimizer, "\(kind) after \(state.stepCount) steps"))
        } else {
            start.report.carried.append((.optimizer, "\(kind) of each worker"))
        }
    }

    /// Why the optimiser begins anew; `nil` if its state carries over.
    private func optimizerObstacle(_ configuration: TrainingConfiguration, _ layout: ParameterLayout) -> String? {
        if options.policyOnly { return "--policy-only" }
        guard let state = checkpoint.optimizer else { return "the checkpoint has no state of one" }
        let kind = configuration.optimizer.kind.rawValue
        if state.kind != kind { return "its kind changes from \(state.kind) to \(kind)" }
        let expected = Optimizer(configuration.optimizer, layout: layout).state.slots
        if let missing = expected.keys.sorted().first(where: { state.slots[$0]?.count != layout.count }) {
            return "the checkpoint has no \(missing)"
        }
        let before = self.configuration
        if let before, before.sharesStatistics != configuration.sharesStatistics { return "shared_statistics changes" }
        if !configuration.sharesStatistics, checkpoint.workers.count != configuration.workers {
            return "each worker has its own, and their number changes"
        }
        return nil
    }

    /// Whether the workers' own optimisers carry over.
    func carriesWorkerOptimizers(_ configuration: TrainingConfiguration, _ layout: ParameterLayout) -> Bool {
        !configuration.sharesStatistics && optimizerObstacle(configuration, layout) == nil
    }

    /// Checks that steps are left for a run that continues the schedule.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`).
    func validate(steps: Int) throws(TrainingError) {
        guard options.continuesSchedule, steps <= agentSteps else { return }
        throw TrainingError(
            code: .invalidConfiguration,
            message:
                "The run continues at agent step \(agentSteps) and would stop at \(steps); use a larger --steps, or "
                + "leave out --continue-schedule to begin at step 0.")
    }

    /// A setting's value, for a message.
    static func text(_ value: JSONValue) -> String {
        (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
    }
}
