internal import DQNModel

/// Rule 27: the counters of a checkpoint fit each other, and a run can add to them.
enum CounterRules {
    /// The largest counter of a state that a run continues from: what it may add stays below the largest that a file may
    /// hold.
    static let largest = 1 << 52

    static func failures(of checkpoint: Checkpoint, isWhole: Bool) -> [MeaningFailure] {
        var failures: [MeaningFailure] = []
        let counters = checkpoint.counters
        if let complaint = complaint(about: checkpoint, isWhole: isWhole) {
            failures.append(
                MeaningFailure("progress", .counters, "/progress \(complaint).") { checkpoint in
                    checkpoint.counters = Counters()
                    checkpoint.counters.agentSteps = min(counters.agentSteps, largest)
                    checkpoint.evaluation = nil
                    checkpoint.bestEvaluation = nil
                    checkpoint.statistics = [:]
                })
        }
        let steps = checkpoint.history.agentSteps
        if let first = steps.first, let last = steps.last, first < 0 || last > counters.agentSteps {
            failures.append(
                MeaningFailure(
                    "history", .counters,
                    "/history/agent_steps has rows from \(first) to \(last), but the run has taken "
                        + "\(counters.agentSteps) agent steps."
                ) { $0.history = MetricHistory() })
        }
        for (index, worker) in checkpoint.workers.enumerated() {
            guard let complaint = complaint(about: worker, of: counters) else { continue }
            failures.append(
                MeaningFailure("workers/\(index)", .counters, "/workers/\(index)/state \(complaint).") {
                    $0.workers[index] = WorkerState(
                        generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0,
                        recentReturns: [], recentLengths: [], replay: nil, status: .abandoned)
                })
        }
        return failures
    }

    private static func complaint(about checkpoint: Checkpoint, isWhole: Bool) -> String? {
        let counters = checkpoint.counters
        if isWhole {
            let counts = [
                ("agent_steps", counters.agentSteps), ("frames", counters.frames),
                ("gradient_updates", counters.gradientUpdates), ("target_refreshes", counters.targetRefreshes),
                ("episodes", counters.episodes), ("evaluations", counters.evaluations),
            ]
            if let (name, count) = counts.first(where: { $0.1 > largest }) {
                return "has \(count) \(name), above 2^52: no run can count on from there"
            }
        }
        if let evaluation = checkpoint.evaluation, evaluation.agentSteps != counters.agentSteps {
            return
                "has an evaluation at agent step \(evaluation.agentSteps), but the state is of \(counters.agentSteps)"
        }
        if let best = checkpoint.bestEvaluation, best.agentSteps > counters.agentSteps {
            return "has its best evaluation at agent step \(best.agentSteps), after the state's \(counters.agentSteps)"
        }
        let sums = checkpoint.statistics.sorted { $0.key < $1.key }
        for (name, value) in sums where ["updates", "abandoned_episodes"].contains(name) {
            guard (0...Double(largest)).contains(value) else {
                return "has the sum '\(name)' \(value), which must be a count"
            }
        }
        // The others become columns of the history.
        if BuiltInMethod(of: checkpoint.configuration) != nil,
            let name = sums.map(\.key).first(where: { !isSum($0) })
        {
            return "has '\(name)' in its statistics, which is not the name of a sum"
        }
        return nil
    }

    /// Whether `statistics` of this library's methods may have a key.
    private static func isSum(_ name: String) -> Bool {
        let ending = "_sum"
        return ["updates", "abandoned_episodes"].contains(name)
            || name.hasSuffix(ending) && PathComponent.isValid(String(name.dropLast(ending.count)))
    }

    private static func complaint(about worker: WorkerState, of counters: Counters) -> String? {
        if worker.agentSteps > counters.agentSteps {
            return "has taken \(worker.agentSteps) agent steps, more than the run's \(counters.agentSteps)"
        }
        let lengths = [worker.episodeLength] + worker.additionalEnvironments.map(\.episodeLength)
        if let length = lengths.first(where: { $0 > largest }) {
            return "has an episode of \(length) agent steps, above 2^52: no run can count on from there"
        }
        return nil
    }
}
