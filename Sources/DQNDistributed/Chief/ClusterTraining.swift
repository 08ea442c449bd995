internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import DQNTraining
internal import Foundation
internal import Logging

/// What a chief trains: the settings of a new run, or the run that it resumes.
@_spi(Distributed) public struct ClusterTraining: Sendable {
    /// The environment's id; `nil` takes that of the file.
    @_spi(Distributed) public var environment: String?
    /// Names of the method and of the preset; `nil` takes those of the file, or the defaults.
    @_spi(Distributed) public var method: String?
    @_spi(Distributed) public var preset: String?
    /// Agent steps of the run, and of its schedules.
    @_spi(Distributed) public var steps: Int?
    @_spi(Distributed) public var scheduleSteps: Int?
    /// The number of workers that the run starts with.
    @_spi(Distributed) public var workers: Int?
    @_spi(Distributed) public var seed: Int?
    /// Assignments `key=value`.
    @_spi(Distributed) public var assignments: [String] = []
    /// The path of a file with settings.
    @_spi(Distributed) public var file: String?
    /// The directory of a new run, or that of the run to resume.
    @_spi(Distributed) public var out: String?
    @_spi(Distributed) public var resume: String?
    /// Agent steps between saves, and the number of newest checkpoints to keep.
    @_spi(Distributed) public var saveEvery: Int?
    @_spi(Distributed) public var keep: Int?
    /// Agent steps between evaluations, and their episodes.
    @_spi(Distributed) public var evaluateEvery: Int?
    @_spi(Distributed) public var evaluationEpisodes: Int?
    /// The mean return of an evaluation at which the run ends.
    @_spi(Distributed) public var targetReturn: Double?
    /// Bytes that the run may take.
    @_spi(Distributed) public var memoryLimit: Int?
    /// The Python of Gymnasium environments; `nil` looks for one.
    @_spi(Distributed) public var python: String?
    /// Whether the environment of a file or run may bring code. One that is named here may.
    @_spi(Distributed) public var trustsEnvironment = false

    /// Creates settings without any choice.
    @_spi(Distributed) public init() {}

    /// Creates the run, or restores it.
    func makeRun(_ makeStore: @escaping ParameterStoreFactory, _ logger: Logger) throws -> TrainingRun {
        let gymnasium = GymnasiumSettings(python: python)
            .trusting(trustsEnvironment || environment != nil ? .any : .withoutCode)
        if let resume {
            return try TrainingRun(
                resuming: RunDirectory(URL(fileURLWithPath: resume)), steps: steps, saveEvery: saveEvery, keep: keep,
                workers: workers, memoryLimit: memoryLimit,
                evaluation: EvaluationChanges(assignments: assignments, values: flags(isResumed: true)),
                gymnasium: gymnasium, makeStore: makeStore, logger: logger)
        }
        var request = ConfigurationRequest()
        request.environment = environment
        request.method = method
        request.preset = preset
        request.steps = steps
        request.file = file.map { URL(fileURLWithPath: $0) }
        request.assignments = assignments
        request.flags = flags(isResumed: false)
        let resolution = try request.resolution(gymnasium: gymnasium)
        let configuration = resolution.configuration
        let options = TrainingRun.Options(
            steps: steps ?? configuration.scheduleSteps,
            saveEvery: saveEvery ?? TrainingRun.Options.defaultSaveEvery,
            keep: keep ?? TrainingRun.Options.defaultKeep, memoryLimit: memoryLimit)
        let name = try EnvironmentID(configuration.environment).shortName ?? "run"
        let directory = RunDirectory(
            URL(fileURLWithPath: out ?? "runs/\(name)-\(configuration.method)-seed\(configuration.seed)"))
        let run = try TrainingRun(
            configuration, options: options, in: directory, gymnasium: gymnasium, makeStore: makeStore, logger: logger)
        for notice in resolution.notices { logger.warning("\(notice)") }
        return run
    }

    private func flags(isResumed: Bool) -> [String: JSONValue] {
        var flags: [String: JSONValue] = [:]
        func set(_ key: String, _ value: Int?) { flags[key] = value.map { JSONValue.integer(Int64($0)) } }
        set("evaluation_interval", evaluateEvery)
        set("evaluation_episodes", evaluationEpisodes)
        set("schedule_steps", scheduleSteps)
        if let targetReturn { flags["target_return"] = .number(targetReturn) }
        guard !isResumed else { return flags }
        set("seed", seed)
        set("workers", workers)
        return flags
    }
}

/// Passes the messages of a run on to a closure, without those of debugging.
struct ClosureLog: LogHandler {
    let write: @Sendable (_ level: String, _ message: String) -> Void
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(_ write: @escaping @Sendable (_ level: String, _ message: String) -> Void) { self.write = write }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { write("\(event.level)", "\(event.message)") }
}
