internal import DQNCheckpoint
internal import DQNLearning
internal import DQNSupport

extension Trainer {
    /// Takes steps up to a goal and counts them.
    ///
    /// - Throws: the first worker's failure, which also becomes ``failure``.
    func takeSteps(upTo goal: Int, _ report: inout Report, _ isInterrupted: () -> Bool) throws(TrainingError) {
        lastEvaluation = nil
        let active = slots.indices.filter { slots[$0].isActive }
        let failures = takeSteps(active, upTo: goal, isInterrupted: isInterrupted)
        detachLostWorkers()
        measurePause(active)
        updateCounters()
        try throwFirst(of: failures, during: "taking a step")
        for index in active where !slots[index].isActive {
            pool.dismiss(index)
            report.notices.append(
                "worker \(index) has finished its \(countedSteps[index]) steps; its memory is released, and "
                    + "later checkpoints do not contain its replay")
        }
        refreshProgress()
    }

    /// Lets workers take steps until the granted ones are used up.
    private func takeSteps(_ active: [Int], upTo goal: Int, isInterrupted: () -> Bool) -> [Int: WorkerFailure] {
        budget.reset(taken: counters.agentSteps)
        budget.grant(upTo: goal)
        let (slots, budget, updatePatience) = (slots, budget, updatePatience)
        /// Since the interruption.
        var patience: RunningTime?
        return pool.perform(on: active) { index, heartbeat in
            let slot = slots[index]
            let started = ContinuousClock.now
            defer { slot.publish { slot.lastRun = (started, .now) } }
            try slot.worker?.run(budget, heartbeat)
            if slot.worker?.isFinished ?? false { slot.releaseFinishedWorker() }
        } onFailure: {
            budget.stop()
        } whileWaiting: {
            guard isInterrupted() else { return }
            budget.stop()
            if isEnding { pool.askToEnd() } else { pool.askToStop() }
            if patience == nil { patience = RunningTime() }
            patience?.read()
            if let patience, patience.seconds > updatePatience { pool.askToCutUpdates() }
        }
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
        for (index, counts) in slots.map(\.counts).enumerated() {
            let (steps, episodes) = (counts.agentSteps, counts.episodes)
            let taken = steps - countedSteps[index]
            counters.agentSteps += taken
            counters.frames += taken * framesPerStep
            counters.episodes += episodes - countedEpisodes[index]
            countedSteps[index] = steps
            countedEpisodes[index] = episodes
        }
        counters.gradientUpdates = parameters.updateCount
        counters.targetRefreshes = parameters.targetRefreshCount
    }
}
