internal import DQNCheckpoint
internal import DQNLearning

extension Trainer {
    /// Takes steps up to a goal and counts them.
    ///
    /// - Throws: the first worker's failure, which also becomes ``failure``.
    func takeSteps(upTo goal: Int, _ report: inout Report, _ isInterrupted: () -> Bool) throws(TrainingError) {
        lastEvaluation = nil
        let outcome = crew.takeSteps(
            from: counters.agentSteps, upTo: goal, updatePatience: updatePatience, isInterrupted: isInterrupted,
            isEnding: { isEnding })
        updateCounters()
        report.notices += outcome.notices
        if let failure = outcome.failure {
            let error = failure(counters.agentSteps)
            self.failure = error
            throw error
        }
        refreshProgress()
    }

    /// The next step at which a row of metrics or an evaluation is scheduled.
    var nextScheduledStep: Int {
        let step = counters.agentSteps
        func next(_ interval: Int) -> Int { (step / interval + 1) * interval }
        var scheduled = next(configuration.logInterval)
        if configuration.evaluationInterval > 0 {
            scheduled = min(scheduled, next(configuration.evaluationInterval))
            if configuration.scheduleSteps > step { scheduled = min(scheduled, configuration.scheduleSteps) }
        }
        return scheduled
    }

    /// Adds what the workers have done since the last call.
    func updateCounters() {
        let new = crew.takeCounts()
        counters.agentSteps += new.agentSteps
        counters.frames += new.agentSteps * framesPerStep
        counters.episodes += new.episodes
        counters.gradientUpdates = parameters.updateCount
        counters.targetRefreshes = parameters.targetRefreshCount
    }
}
