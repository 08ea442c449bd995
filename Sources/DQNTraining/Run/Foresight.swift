package import DQNLearning

/// Predicts from its settings that a run would learn nothing, or nearly nothing, before it starts.
package struct Foresight {
    private let configuration: TrainingConfiguration
    private let method: any TrainingMethod
    /// Agent steps of the whole run, of all workers together.
    private let steps: Int
    /// Agent steps of one worker, if all take equally many.
    private let workerSteps: Int
    /// Who takes ``workerSteps``.
    private var worker: String { configuration.workers > 1 ? "each of \(configuration.workers) workers" : "the run" }

    private init(_ configuration: TrainingConfiguration, _ method: any TrainingMethod, steps: Int) {
        self.configuration = configuration
        self.method = method
        let workers = configuration.workers
        let limit = configuration.workerSteps
        // The run ends when all workers have taken their own number of steps.
        let (reachable, overflows) = limit.multipliedReportingOverflow(by: workers)
        self.steps = limit > 0 && !overflows ? min(steps, reachable) : steps
        workerSteps = (self.steps - 1) / workers + 1
    }

    /// Returns a sentence, with the remedy, for each setting with which a run learns nothing, or is not evaluated.
    ///
    /// - Parameter steps: Agent steps of the whole run; at least 1.
    package static func notices(on configuration: TrainingConfiguration, steps: Int) -> [String] {
        // A plug-in's method may give its own meaning to every setting.
        guard let method = try? TrainingMethods.named(configuration.method) else { return [] }
        let foresight = Foresight(configuration, method, steps: max(steps, 1))
        let learning = method.extensionOwner != nil ? [] : foresight.learningNotices
        return (learning + [foresight.evaluationNotice]).compactMap(\.self)
    }

    private var learningNotices: [String?] {
        if method.usesReplay {
            if let notice = learningStartNotice { return [notice, batchNotice] }
            return [presetNotice, intervalNotice, batchNotice, targetNotice]
        }
        return [presetNotice, segmentNotice, targetNotice]
    }

    private var learningStartNotice: String? {
        let start = configuration.learningStarts
        guard start >= steps else { return nil }
        return "learning starts after \(start) of \(steps) agent steps, so the run learns nothing; set a smaller "
            + "learning_starts, such as --set learning_starts=\(steps / 10), or a larger --steps\(presetHint)"
    }

    /// How many steps the preset is for, if it is for far more.
    private var presetHint: String {
        configuration.preset == Preset.atari.rawValue ? " (the preset 'atari' is for a million steps or more)" : ""
    }

    private var presetNotice: String? {
        guard configuration.preset == Preset.atari.rawValue, steps < 100_000 else { return nil }
        return
            "the preset 'atari' is for a million agent steps or more, so the run learns next to nothing in \(steps); set a "
            + "larger --steps"
    }

    private var intervalNotice: String? {
        let interval = configuration.trainInterval
        // Learning starts when all workers together have taken learning_starts steps.
        let before = configuration.learningStarts / configuration.workers
        guard interval >= workerSteps || workerSteps / interval <= before / interval else { return nil }
        return "train_interval \(interval) is so large that \(worker), with \(workerSteps) agent steps, learns nothing "
            + "after learning_starts \(configuration.learningStarts); set a smaller one, such as --set train_interval="
            + "\(max(1, min(4, workerSteps / 10))), or a larger --steps"
    }

    private var batchNotice: String? {
        let (batch, capacity) = (configuration.batchSize, configuration.replayCapacity)
        // The smaller of the two, as a worker's replay holds no more.
        let held = min(capacity, workerSteps)
        guard batch > held else { return nil }
        let each = configuration.workers > 1 ? " of each worker" : ""
        let bound =
            capacity <= workerSteps
            ? "replay_capacity \(capacity)\(each)" : "the \(workerSteps) agent steps of \(worker)"
        let copies = configuration.workers > 1 || configuration.refreshInterval > 1
        let effect =
            copies && capacity > workerSteps
            ? "so no worker learns" : "so every mini-batch holds the same few transitions several times"
        return "batch_size \(batch) is more than \(bound), \(effect); set a smaller batch_size"
            + (capacity <= workerSteps ? " or a larger replay_capacity" : " or a larger --steps")
    }

    private var segmentNotice: String? {
        let environments = configuration.environmentsPerWorker
        let length = configuration.segmentLength * environments
        guard length > workerSteps else { return nil }
        let exception = environments == 1 && method.name != "pqn" ? " unless episodes end earlier" : ""
        return
            "an update takes segment_length \(configuration.segmentLength) steps of each of \(environments) environments "
            + "per worker, but \(worker) takes \(workerSteps), so nothing is learnt\(exception); set a smaller "
            + "segment_length or a larger --steps"
    }

    private var targetNotice: String? {
        let interval = configuration.targetInterval
        guard method.usesTarget, interval >= steps, configuration.targetRate == 1 else { return nil }
        return
            "target_interval \(interval) is not below the \(steps) agent steps of the run, so all targets come from the "
            + "initial network; set a smaller target_interval or a larger --steps"
    }

    private var evaluationNotice: String? {
        let interval = configuration.evaluationInterval
        // The end of the schedules is evaluated too.
        guard interval > steps, configuration.scheduleSteps > steps else { return nil }
        let target = configuration.targetReturn == nil ? "" : ", and target_return has no effect"
        return
            "the first evaluation is at agent step \(min(interval, configuration.scheduleSteps)), but the run ends at "
            + "\(steps): nothing is evaluated\(target); set a smaller --eval-every"
    }
}
