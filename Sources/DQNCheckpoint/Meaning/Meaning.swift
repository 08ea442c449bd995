internal import DQNModel

/// A part of a checkpoint that is well formed, but from which no run can continue; rules 27 to 31.
struct MeaningFailure {
    /// The path of the part.
    let part: String
    let error: CheckpointError
    /// Removes the part from a checkpoint, to recover the rest.
    let remove: (inout Checkpoint) -> Void

    init(_ part: String, _ rule: Rule, _ message: String, remove: @escaping (inout Checkpoint) -> Void) {
        self.init(part, .broken(rule, message), remove: remove)
    }

    init(_ part: String, _ error: CheckpointError, remove: @escaping (inout Checkpoint) -> Void) {
        self.part = part
        self.error = error
        self.remove = remove
    }
}

/// What the parts of a checkpoint mean together: whether a run can continue from them.
///
/// Reading, verifying, repairing and writing all ask here, so that they never disagree. The rules refuse only what no
/// writer of this library has made.
enum Meaning {
    /// Returns the parts that a run cannot continue from, in reading order.
    ///
    /// The elements of replays, which need not be in memory, are checked as they are read.
    /// - Parameter isWhole: Whether nothing has been removed or lost.
    static func failures(of checkpoint: Checkpoint, isWhole: Bool) -> [MeaningFailure] {
        var failures = CounterRules.failures(of: checkpoint, isWhole: isWhole)
        guard let method = BuiltInMethod(of: checkpoint.configuration) else { return failures }
        failures += OptimizerRules.failures(of: checkpoint)
        let contentRules = ReplayContentRules(checkpoint.configuration)
        for (index, worker) in checkpoint.workers.enumerated() {
            let path = "workers/\(index)"
            if isWhole, worker.status == .running {
                failures += WorkerRules.failures(of: worker, path, index, method, checkpoint.configuration)
            }
            if let learner = worker.learner {
                let rules = LearnerRules(
                    method: method, learner: learner, worker: worker, path: "\(path)/learner", checkpoint: checkpoint,
                    isWhole: isWhole)
                if let complaint = rules.complaint {
                    failures.append(
                        MeaningFailure("\(path)/learner", .learnerState, complaint) { $0.workers[index].learner = nil })
                }
            }
            failures += contentRules.failures(of: worker, path, index)
        }
        return failures
    }
}
