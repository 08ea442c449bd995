import ArgumentParser
import CommandLineSupport
import DQNEnvironments
import DQNLearning
import DQNModel
internal import DQNSupport
import DQNTraining
import Foundation
import Logging

extension TrainCommand {
    /// Returns the settings that the command line requests.
    func request(_ origin: RunOrigin?) throws -> ConfigurationRequest {
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

    /// Creates the run, or restores it.
    func makeRun() throws -> TrainingRun {
        if let resume {
            let directory = RunDirectory(try fileURL(resume, "--resume"))
            return try TrainingRun(
                resuming: directory, steps: steps, saveEvery: saveEvery, keep: keep, workers: workers,
                memoryLimit: memory?.bytes, workerTimeout: workerTimeout.map { .seconds($0) },
                evaluation: EvaluationChanges(assignments: assignments, values: resumeFlags),
                which: originArguments.resumeSelection,
                gymnasium: gymnasium(), logger: logger)
        }
        let gymnasium = try gymnasium()
        let origin = try originArguments.origin { logger.warning("\($0)") }
        let resolution = try request(origin).resolution(gymnasium: gymnasium)
        let configuration = resolution.configuration
        let options = TrainingRun.Options(
            steps: steps ?? configuration.scheduleSteps,
            saveEvery: saveEvery ?? TrainingRun.Options.defaultSaveEvery,
            keep: keep ?? TrainingRun.Options.defaultKeep,
            memoryLimit: memory?.bytes, workerTimeout: workerTimeout.map { .seconds($0) })
        let environment = try EnvironmentID(configuration.environment).shortName ?? "run"
        let name = "runs/\(environment)-\(configuration.method)-seed\(configuration.seed)"
        let directory = RunDirectory(try fileURL(out ?? name, "--out"))
        let run =
            if let origin {
                try TrainingRun(
                    configuration, from: origin, options: options, in: directory, gymnasium: gymnasium, logger: logger)
            } else {
                try TrainingRun(configuration, options: options, in: directory, gymnasium: gymnasium, logger: logger)
            }
        // Not before: an error is a single line.
        for notice in resolution.notices { logger.warning("\(notice)") }
        return run
    }
}
