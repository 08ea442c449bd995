internal import DQNModel

extension Format1_1 {
    /// Rule 17: a learner's state contains only finite numbers.
    static func check(_ learner: StateSnapshot, _ path: String) throws(CheckpointError) {
        for (name, value) in learner.values.sorted(by: { $0.key < $1.key }) {
            let isFinite =
                switch value {
                case .float64(let values): values.allSatisfy(\.isFinite)
                case .float32(let values): values.allSatisfy(\.isFinite)
                case .int64, .uint64, .uint8: true
                }
            guard isFinite else {
                throw .broken(.learner, "/\(path)/\(name) contains numbers that are not finite.")
            }
        }
    }

    /// Rule 18: a replay's priorities are finite, not negative, and 0 for slots without an action.
    static func checkPriorities(
        _ replay: ReplaySnapshot, _ path: String
    ) throws(CheckpointError) {
        guard replay.columns.contains(where: { $0.name == ReplayRules.priorities }) else { return }
        try ReplayRules.requireScalars(ReplayRules.priorities, .float64, replay, path, .priorities)
        guard ReplayRules.isRead(replay) else { return }
        let values: [Double] = try ReplayRules.scalars(ReplayRules.priorities, .float64, replay, path, .priorities)
        let flags: [UInt8] = try ReplayRules.scalars("flags", .uint8, replay, path, .replay)
        for (slot, value) in values.enumerated() {
            // A slot without an action cannot be sampled.
            let isOpen = slot == replay.cursor || ReplayFlags(rawValue: flags[slot]).contains(.final)
            guard value.isFinite, isOpen ? value == 0 : value >= 0 else {
                let rule = isOpen ? "0 without an action" : "finite and not negative"
                throw .broken(
                    .priorities,
                    "/\(path)/\(ReplayRules.priorities) is \(value) in slot \(slot); it must be \(rule).")
            }
        }
    }
}
