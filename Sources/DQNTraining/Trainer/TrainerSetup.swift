internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

/// Everything that is checked and decided before a trainer starts its workers.
struct TrainerSetup {
    let configuration: TrainingConfiguration
    let options: Trainer.Options
    private let backend: any ComputeBackend
    private let evaluationBackend: any ComputeBackend
    /// The state to continue from, or that a new run starts with; `nil` for a new run without an origin.
    let checkpoint: Checkpoint?
    /// Whether the run is new.
    private let isNew: Bool
    /// What a new run takes from its origin.
    let originReport: RunOrigin.Report?
    /// The states of each worker's environments, for what they keep across the episodes of the origin.
    private let keptEnvironments: [[StateSnapshot?]]
    let method: any TrainingMethod
    let architecture: NetworkArchitecture
    private let pool: WorkerPool
    /// The environment of worker 0. It is created first, because everything else depends on its specification, and on
    /// the worker's own thread, because an environment may depend on its thread. Creating one may start a process.
    private let environment: EnvironmentBox
    let specification: EnvironmentSpecification
    /// What runs the environment.
    let provenance: EnvironmentProvenance
    /// Messages for the user about workers that do not continue as they stopped, and about the environment.
    let notices: [String]
    /// States of the workers that run.
    private let states: [WorkerState]
    /// States of workers beyond the present number.
    private let inactiveWorkers: [WorkerState]
    private let team: ComputeTeam?

    /// What a trainer starts from.
    private enum Source {
        case nothing
        case origin(RunOrigin)
        case checkpoint(Checkpoint)
    }

    /// Prepares a new run.
    init(
        _ configuration: TrainingConfiguration, from origin: RunOrigin? = nil, options: Trainer.Options,
        backend: (any ComputeBackend)?
    ) throws {
        try self.init(
            configuration, origin.map(Source.origin) ?? .nothing, options: options, backend: backend)
    }

    /// Prepares to continue from a checkpoint.
    init(
        resuming checkpoint: Checkpoint, workers: Int?, options: Trainer.Options, backend: (any ComputeBackend)?
    ) throws {
        var configuration = try TrainingConfiguration(json: checkpoint.configuration)
        try configuration.requireKnown(with: checkpoint.extensions)
        configuration.workers = workers ?? configuration.workers
        guard checkpoint.stripped.isEmpty, !checkpoint.workers.isEmpty else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint does not hold a whole training state (stripped: "
                    + "\(checkpoint.stripped.joined(separator: ", ")); \(checkpoint.workers.count) workers); "
                    + "resume from a complete one.")
        }
        try self.init(configuration, .checkpoint(checkpoint), options: options, backend: backend)
    }

    private init(
        _ configuration: TrainingConfiguration, _ source: Source, options: Trainer.Options,
        backend: (any ComputeBackend)?
    ) throws {
        self.configuration = configuration
        let stored: Checkpoint? = if case .checkpoint(let checkpoint) = source { checkpoint } else { nil }
        isNew = stored == nil
        self.options = options
        try configuration.validateWorkers()
        pool = WorkerPool(
            count: configuration.workers, timeout: options.workerTimeout, startTimeout: options.gymnasium.startTimeout)
        environment = EnvironmentBox()
        specification = try environment.fill(
            pool, configuration, options.gymnasium, agentSteps: stored?.counters.agentSteps ?? 0)
        provenance = try EnvironmentProvenance(of: specification)
        _ = try Preset.named(configuration.preset)
        // A stored run keeps the constants that it started with.
        if isNew { try configuration.validateConstants() }
        try configuration.validate(for: specification)
        architecture = try configuration.architecture(for: specification)
        if let stored, stored.architecture != architecture {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint's network differs from the one that its configuration defines for "
                    + "'\(configuration.environment)': \(stored.architecture.outline) in the checkpoint, "
                    + "\(architecture.outline) now. Restore the environment and the settings of the run, or start a new "
                    + "run.")
        }
        method = try TrainingMethods.named(configuration.method)
        let readStates = try stored?.workerStates(of: method) ?? []
        let extensions: [ExtensionGroup] =
            switch source {
            case .nothing: []
            case .origin(let origin): origin.checkpoint.extensions
            case .checkpoint(let checkpoint): checkpoint.extensions
            }
        // Restored attributes would hide an edit of the environment.
        let sourceChange = provenance.sourceChange(since: extensions)
        var workers = sourceChange != nil ? readStates.map(\.withoutEnvironments) : readStates
        let memoryNotice = try MemoryEstimate(
            configuration, architecture, specification, method, states: workers, options
        ).check(limit: options.memoryLimit)
        if case .origin(let origin) = source {
            let start = try origin.start(
                configuration, architecture, specification, method, isSourceChanged: sourceChange != nil)
            workers = start.checkpoint.workers
            (checkpoint, originReport, keptEnvironments) = (start.checkpoint, start.report, start.environments)
        } else {
            (checkpoint, originReport, keptEnvironments) = (stored, nil, [])
        }
        states = Array(workers.prefix(configuration.workers))
        inactiveWorkers = workers.dropFirst(configuration.workers).map(Self.inactive)
        team = configuration.computeThreads > 1 ? ComputeTeam(threads: configuration.computeThreads) : nil
        self.backend = backend ?? OneDNNBackend(team: team)
        // A team computes for one thread at a time.
        evaluationBackend = backend ?? OneDNNBackend()
        notices =
            Self.notices(resuming: stored, readStates, configuration, method)
            + Self.notices(onConstantsOf: configuration, isNew: isNew)
            + (isNew ? [] : provenance.notices(since: extensions))
            // A resume refuses the remedies that these name.
            + (isNew ? specification.notices(of: nil, isScaled: configuration.scalesInput) : [])
            + [memoryNotice].compactMap(\.self)
    }

    private static func inactive(_ state: WorkerState) -> WorkerState {
        var state = state
        if state.status == .running { state.status = .resting }
        return state
    }

    private static func notices(
        resuming checkpoint: Checkpoint?, _ states: [WorkerState], _ configuration: TrainingConfiguration,
        _ method: any TrainingMethod
    ) -> [String] {
        guard checkpoint != nil else { return [] }
        let count = configuration.workers
        let inactive = states.indices.dropFirst(count).map {
            "worker \($0) is inactive: checkpoints keep its state, but it takes no steps"
        }
        let new = (0..<count).dropFirst(states.count).map {
            "worker \($0) is new: it starts its own episode" + (method.usesReplay ? " with an empty replay" : "")
        }
        return inactive + new
            + states.prefix(count).enumerated().compactMap { index, state in
                interruption(of: state).map {
                    "worker \(index) starts a new episode: the checkpoint does not hold the state of \($0)"
                }
            }
    }

    /// Names the environments of a worker whose episodes cannot continue; `nil` if there are none.
    private static func interruption(of state: WorkerState) -> String? {
        if state.status == .finished { return nil }
        guard !state.additionalEnvironments.isEmpty else {
            return state.status == .abandoned || state.environment == nil ? "its environment" : nil
        }
        let lost = ([state.environment] + state.additionalEnvironments.map(\.environment)).enumerated()
            .compactMap { $1 == nil ? String($0) : nil }
        return lost.isEmpty ? nil : "its environment \(lost.joined(separator: ", "))"
    }

    /// Older releases started runs with constants that a new run may not have; these runs continue with them.
    private static func notices(onConstantsOf configuration: TrainingConfiguration, isNew: Bool) -> [String] {
        guard !isNew else { return [] }
        do throws(TrainingError) { try configuration.validateConstants() } catch {
            return ["the run keeps constants that a new run may not have: \(error.message)"]
        }
        return []
    }

    /// Extension groups that neither the method nor the trainer writes.
    var foreignExtensions: [ExtensionGroup] {
        let own = [method.extensionOwner, EnvironmentProvenance.owner, RunHealth.owner]
        return checkpoint?.extensions.filter { !own.contains($0.owner) } ?? []
    }

    /// Sums of the metrics since the last row.
    private var statistics: TrainingStatistics { TrainingStatistics(checkpoint?.statistics ?? [:]) }

    /// Creates the parameter store, with new or restored parameters.
    func makeParameters(_ makeStore: ParameterStoreFactory?) throws -> any ParameterStore {
        let layout = try ParameterLayout(architecture)
        let state =
            if let checkpoint {
                try ParameterState(restoring: checkpoint, for: configuration, usesTarget: method.usesTarget)
            } else {
                ParameterState(drawnFor: configuration, architecture, layout: layout, usesTarget: method.usesTarget)
            }
        if let makeStore { return try makeStore(configuration, layout, state) }
        return try SharedParameters(configuration, layout: layout, restoring: state, team: team)
    }

    /// The evaluator, with its own environments; `nil` if the configuration has no evaluations.
    func makeEvaluator() throws -> Evaluator? {
        guard configuration.evaluationInterval > 0 else { return nil }
        return try Evaluator(
            configuration, architecture, backend: evaluationBackend, gymnasium: options.gymnasium,
            timeout: options.workerTimeout, drawsPictures: options.drawsEvaluations)
    }

    /// Starts the workers: in this process, unless the store brings its own.
    func makeCrew(training store: any ParameterStore) throws -> any Crew {
        let context = CrewContext(
            configuration: configuration, architecture: architecture, specification: specification, method: method,
            store: store, isNew: isNew, states: states, inactiveWorkers: inactiveWorkers, statistics: statistics,
            agentSteps: checkpoint?.counters.agentSteps ?? 0)
        if let provider = store as? any CrewProviding {
            // It has told what it is.
            environment.release(pool)
            guard keptEnvironments.allSatisfy({ $0.allSatisfy { $0 == nil } }) else {
                throw TrainingError(
                    code: .invalidConfiguration,
                    message: "The environments of the origin keep values across episodes, which workers of other "
                        + "processes cannot take over; start with --policy-only, or with dqn-train.")
            }
            return try provider.makeCrew(context)
        }
        return try ThreadCrew(
            context, makeSlots(),
            ThreadCrew.Means(
                pool: pool, backend: backend, gymnasium: options.gymnasium, processors: options.processors))
    }

    private func makeSlots() -> [WorkerSlot] {
        (0..<configuration.workers).map { index in
            WorkerSlot(
                index: index, state: index < states.count ? states[index] : nil,
                preparedEnvironment: index == 0 ? environment : nil,
                keptEnvironments: keptEnvironments.indices.contains(index) ? keptEnvironments[index] : [])
        }
    }
}
