internal import DQNModel

/// From 2.0 to 2.1, which added kinds of layers and heads, input scaling, environments of a worker and action masks.
enum Migration2_0To2_1: Migration {
    static func upgrade(_ checkpoint: inout Checkpoint) throws(CheckpointError) {
        for (index, worker) in checkpoint.workers.enumerated() {
            // 2.0 permits custom columns; interpreting one as masks would be a guess.
            if let column = worker.replay?.columns.first(where: { $0.name == ReplayRules.nextActionMasks }) {
                throw CheckpointError(
                    code: .invalidState,
                    message: "/workers/\(index)/replay/\(column.name) is a custom column of the writer, but format "
                        + "2.1 gives the name a meaning; use the program that wrote the file.")
            }
        }
    }

    static func downgrade(_ checkpoint: inout Checkpoint) -> MigrationLoss {
        var loss = MigrationLoss()
        loss.indispensable = Format2_0.unsupportedParts(of: checkpoint.architecture).map {
            "/architecture: \($0), which format \(Format2_0.version) does not support"
        }
        for index in checkpoint.workers.indices {
            let path = "/workers/\(index)"
            if checkpoint.workers[index].actionMask != nil {
                loss.dropped.append("\(path)/\(Format2_1.actionMask): the actions that its observation allows")
            }
            if let replay = checkpoint.workers[index].replay,
                replay.columns.contains(where: { $0.name == ReplayRules.nextActionMasks })
            {
                loss.dropped.append("\(path)/replay/\(ReplayRules.nextActionMasks): the masks of its steps")
            }
            let count = checkpoint.workers[index].additionalEnvironments.count
            if count > 0 {
                loss.dropped.append(
                    "\(path)/environments: the state of \(count) of its \(count + 1) environments")
            }
            checkpoint.workers[index].actionMask = nil
            checkpoint.workers[index].replay?.columns.removeAll { $0.name == ReplayRules.nextActionMasks }
            checkpoint.workers[index].additionalEnvironments = []
        }
        return loss
    }
}
