package import DQNModel

/// From 2.0 to 2.1, which added kinds of layers and heads, input scaling, environments of a worker and action masks.
package enum Migration2_0To2_1: Migration {
    /// The configuration keys that the releases of 2.1 added, with the value that a missing key means. The releases of
    /// 2.0 refuse to resume a run whose configuration has them.
    package static let addedKeys: [String: JSONValue] = [
        "action_masks": .bool(false),
        "munchausen": .bool(false), "munchausen_alpha": .number(0.9), "munchausen_temperature": .number(0.03),
        "munchausen_clip": .number(-1), "quantiles": .integer(0),
        "environments_per_worker": .integer(1), "return_lambda": .number(0.65), "epochs": .integer(2),
        "minibatches": .integer(4),
        "initialization": .string("fan-in"), "input_offset": .null, "input_scale": .null,
        "evaluation_sampling": .bool(false),
        "evaluation_environments": .integer(1), "probe_observations": .integer(0),
    ]

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
        loss.dropped += removeAddedKeys(of: &checkpoint.configuration)
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

    /// Removes the keys that the releases of 2.0 do not know, and describes those whose absence means another value.
    private static func removeAddedKeys(of configuration: inout JSONValue) -> [String] {
        guard case .object(var members) = configuration else { return [] }
        var losses: [String] = []
        for (key, old) in addedKeys.sorted(by: { $0.key < $1.key }) {
            guard let value = members.removeValue(forKey: key), !isEqual(value, old) else { continue }
            losses.append("/configuration: the key '\(key)', which the releases of format 2.0 do not know")
        }
        configuration = .object(members)
        return losses
    }

    /// Whether two values are equal; 1 and 1.0 are.
    private static func isEqual(_ first: JSONValue, _ second: JSONValue) -> Bool {
        first == second || (first.doubleValue != nil && first.doubleValue == second.doubleValue)
    }
}
