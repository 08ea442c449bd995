internal import DQNLearning
internal import DQNSupport

extension ThreadCrew {
    package func takeSteps(
        from taken: Int, upTo goal: Int, updatePatience: Double, isInterrupted: () -> Bool, isEnding: () -> Bool
    ) -> CrewOutcome {
        let active = slots.indices.filter { slots[$0].isActive }
        let failures = takeSteps(
            active, from: taken, upTo: goal, updatePatience: updatePatience, isInterrupted: isInterrupted,
            isEnding: isEnding)
        detachLostWorkers()
        measurePause(active)
        if let failure = first(of: failures, during: "taking a step") { return CrewOutcome(failure: failure) }
        var outcome = CrewOutcome()
        for place in active where !slots[place].isActive {
            pool.dismiss(place)
            outcome.notices.append(
                "worker \(slots[place].index) has finished its \(slots[place].counts.agentSteps) steps; its memory is "
                    + "released, and later checkpoints do not contain its replay")
        }
        return outcome
    }

    /// Lets workers take steps until the granted ones are used up.
    private func takeSteps(
        _ active: [Int], from taken: Int, upTo goal: Int, updatePatience: Double, isInterrupted: () -> Bool,
        isEnding: () -> Bool
    ) -> [Int: WorkerFailure] {
        budget.reset(taken: taken)
        budget.grant(upTo: goal)
        let (slots, budget) = (slots, budget)
        /// Since the interruption.
        var patience: RunningTime?
        return pool.perform(on: active) { place, heartbeat in
            try Self.run(slots[place], from: budget, heartbeat)
        } onFailure: {
            budget.stop()
        } whileWaiting: {
            guard isInterrupted() else { return }
            budget.stop()
            if isEnding() { pool.askToEnd() } else { pool.askToStop() }
            if patience == nil { patience = RunningTime() }
            patience?.read()
            if let patience, patience.seconds > updatePatience { pool.askToCutUpdates() }
        }
    }

    /// Lets a worker take steps on its own thread.
    static func run(_ slot: WorkerSlot, from source: any StepSource, _ heartbeat: Heartbeat) throws {
        let started = ContinuousClock.now
        defer { slot.publish { slot.lastRun = (started, .now) } }
        try slot.worker?.run(source, heartbeat)
        if slot.worker?.isFinished ?? false { slot.releaseFinishedWorker() }
    }

    /// Measures the pause before the workers took steps, after all of them have stopped.
    private func measurePause(_ active: [Int]) {
        let runs = active.compactMap { slots[$0].lastRun }
        defer { lastStops = runs.map(\.stopped) }
        guard let firstStop = lastStops.min(), let lastStop = lastStops.max(), let restart = runs.map(\.started).max(),
            runs.count == lastStops.count
        else { return }
        pause = (stopping: lastStop - firstStop, handOver: restart - lastStop)
    }
}
