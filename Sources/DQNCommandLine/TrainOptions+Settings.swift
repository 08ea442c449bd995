import CommandLineSupport
import DQNEnvironments
import DQNLearning
import DQNModel
internal import DQNSupport
import DQNTraining
import Foundation
public import Logging

extension TrainOptions {
    /// Returns the run that the flags describe. Changes no files.
    ///
    /// Creates the environment of a new run to read its specification, which may start a process.
    /// - Parameter logger: receives warnings, such as damaged checkpoints that `--from` passes over.
    /// - Throws: `TrainingError`, the errors of other modules, and errors of paths, each with a description of one line.
    public func settings(logger: Logger) throws -> TrainSettings {
        if let resume { return settings(resuming: RunDirectory(try fileURL(resume, "--resume"))) }
        let gymnasium = try gymnasium(logger)
        let origin = try origin(logger)
        let resolution = try resolution(origin, gymnasium)
        let configuration = resolution.configuration
        let options = TrainingRun.Options(
            steps: steps ?? configuration.scheduleSteps,
            saveEvery: saveEvery ?? TrainingRun.Options.defaultSaveEvery,
            keep: keep ?? TrainingRun.Options.defaultKeep,
            memoryLimit: memory?.bytes, workerTimeout: workerTimeout.map { .seconds($0) })
        let environment = try EnvironmentID(configuration.environment).shortName ?? "run"
        let name = "runs/\(environment)-\(configuration.method)-seed\(configuration.seed)"
        let directory = RunDirectory(try fileURL(out ?? name, "--out"))
        return TrainSettings(directory: directory, configuration: configuration) { makeStore, logger in
            let run =
                if let origin {
                    try TrainingRun(
                        configuration, from: origin, options: options, in: directory, gymnasium: gymnasium,
                        makeStore: makeStore, logger: logger)
                } else {
                    try TrainingRun(
                        configuration, options: options, in: directory, gymnasium: gymnasium, makeStore: makeStore,
                        logger: logger)
                }
            // Not before: an error is a single line.
            for notice in resolution.notices { logger.warning("\(notice)") }
            return run
        }
    }

    private func settings(resuming directory: RunDirectory) -> TrainSettings {
        TrainSettings(directory: directory, configuration: nil) { makeStore, logger in
            try TrainingRun(
                resuming: directory, steps: steps, saveEvery: saveEvery, keep: keep, workers: workers,
                memoryLimit: memory?.bytes, workerTimeout: workerTimeout.map { .seconds($0) },
                evaluation: EvaluationChanges(assignments: assignments, values: resumeFlags),
                which: originArguments.resumeSelection,
                gymnasium: gymnasium(logger), makeStore: makeStore, logger: logger)
        }
    }

    /// Reads the checkpoint of `--from`, if there is one.
    func origin(_ logger: Logger) throws -> RunOrigin? { try originArguments.origin { logger.warning("\($0)") } }

    /// How environments are run; a resume cannot name one.
    func gymnasium(_ logger: Logger) throws -> GymnasiumSettings {
        try environmentArguments.gymnasium(isNamed: env != nil, mayName: resume == nil) { logger.warning("\($0)") }
    }

    /// Returns the configuration of a new run with notices about it.
    func resolution(
        _ origin: RunOrigin?, _ gymnasium: GymnasiumSettings
    ) throws -> ConfigurationRequest.Resolution {
        try request(origin).resolution(gymnasium: gymnasium)
    }

    /// Returns the settings that the command line requests.
    private func request(_ origin: RunOrigin?) throws -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.origin = origin?.request
        let settings = environmentArguments.settings
        request.environment = try (env ?? (settings.isEmpty ? nil : request.origin?.environment)).map {
            try EnvironmentID($0).setting(settings).description
        }
        request.preset = preset
        request.file = try config.map { try fileURL($0, "--config") }
        request.assignments = assignments
        func set(_ key: String, _ value: Int?) { if let value { request.flags[key] = .integer(Int64(value)) } }
        set("seed", seed)
        set("schedule_steps", scheduleSteps)
        request.steps = steps
        set("workers", workers)
        request.method = method
        request.flags.merge(evaluationFlags) { $1 }
        return request
    }

    /// The flags that a resume may have too.
    private var evaluationFlags: [String: JSONValue] {
        var flags: [String: JSONValue] = [:]
        if let evalEvery { flags["evaluation_interval"] = .integer(Int64(evalEvery)) }
        if let evalEpisodes { flags["evaluation_episodes"] = .integer(Int64(evalEpisodes)) }
        if let targetReturn { flags["target_return"] = .number(targetReturn) }
        return flags
    }

    /// The flags that change a resumed run.
    private var resumeFlags: [String: JSONValue] {
        var flags = evaluationFlags
        if let scheduleSteps { flags["schedule_steps"] = .integer(Int64(scheduleSteps)) }
        return flags
    }
}
