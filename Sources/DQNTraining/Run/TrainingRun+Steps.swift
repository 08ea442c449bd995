internal import DQNCheckpoint

extension TrainingRun {
    /// Whether a step, an evaluation or a row is left to do.
    var hasWorkLeft: Bool { trainer.isEvaluationPending || Self.hasWork(trainer, options) }

    /// The step at which the workers stop next, at the latest.
    var nextStop: Int {
        guard options.saveEvery > 0 else { return options.steps }
        let next = (trainer.counters.agentSteps / options.saveEvery + 1) * options.saveEvery
        return min(options.steps, next)
    }
}
