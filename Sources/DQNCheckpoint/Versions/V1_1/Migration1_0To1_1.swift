internal import DQNModel

/// From 1.0 to 1.1, which added workers' statuses and method state, replay priorities and two heads.
enum Migration1_0To1_1: Migration {
    static func upgrade(_ checkpoint: inout Checkpoint) throws(CheckpointError) {
        for index in checkpoint.workers.indices {
            let replay = checkpoint.workers[index].replay
            // 1.0 permits custom columns; interpreting one as priorities would be a guess.
            if let column = replay?.columns.first(where: { $0.name == ReplayRules.priorities }) {
                throw CheckpointError(
                    code: .invalidState,
                    message: "/workers/\(index)/replay/\(column.name) is a custom column of the writer, but format "
                        + "1.1 gives the name a meaning; use the program that wrote the file.")
            }
            checkpoint.workers[index].agentSteps = agentSteps(checkpoint)
        }
    }

    static func downgrade(_ checkpoint: inout Checkpoint) -> MigrationLoss {
        var loss = MigrationLoss()
        if !Format1_0.supports(checkpoint.architecture.head) {
            loss.indispensable.append("/architecture: the head; 1.0 supports only networks of action values")
        }
        let known = agentSteps(checkpoint)
        for index in checkpoint.workers.indices {
            let path = "/workers/\(index)"
            let worker = checkpoint.workers[index]
            if worker.status != .running {
                loss.dropped.append("\(path)/state: that the worker is \(worker.status.rawValue)")
            }
            if worker.agentSteps != known {
                loss.dropped.append("\(path)/state: its agent steps, \(worker.agentSteps)")
            }
            if let epsilon = worker.finalEpsilon { loss.dropped.append("\(path)/state: its final epsilon \(epsilon)") }
            if let learner = worker.learner {
                loss.dropped.append("\(path)/learner: the state of \(learner.kind), \(learner.values.count) arrays")
            }
            if worker.replay?.columns.contains(where: { $0.name == ReplayRules.priorities }) == true {
                loss.dropped.append("\(path)/replay/\(ReplayRules.priorities): the priorities of its steps")
            }
            checkpoint.workers[index].status = .running
            checkpoint.workers[index].agentSteps = known
            checkpoint.workers[index].finalEpsilon = nil
            checkpoint.workers[index].learner = nil
            checkpoint.workers[index].replay?.columns.removeAll { $0.name == ReplayRules.priorities }
        }
        return loss
    }

    /// Each worker's agent steps according to a file of 1.0: those of the run if there is only one worker, otherwise 0.
    private static func agentSteps(_ checkpoint: Checkpoint) -> Int {
        checkpoint.workers.count == 1 ? checkpoint.counters.agentSteps : 0
    }
}
