internal import DQNModel

/// Rule 22: how the slots of a replay follow each other. Loading does not ask; `verify --deep` does, of files of 2.0.
///
/// An episode may start anywhere, as after one that was given up; but what ends is followed by a start, and a final
/// observation stands behind a truncated step and nowhere else.
enum EpisodeRules {
    static func check(_ replay: ReplaySnapshot, _ path: String) throws(CheckpointError) {
        let flags: [UInt8] = try ReplayRules.scalars("flags", .uint8, replay, path, .episodes)
        let isFull = replay.count == replay.capacity
        let oldest = isFull ? (replay.cursor + 1) % replay.count : 0
        var before: ReplayFlags?
        for age in 0..<replay.count {
            let slot = (oldest + age) % replay.count
            let flag = ReplayFlags(rawValue: flags[slot])
            if let complaint = complaint(flag, after: before, isNewest: slot == replay.cursor) {
                throw .broken(.episodes, "/\(path) has a slot \(slot) that \(complaint).")
            }
            before = flag
        }
        try checkSum(of: replay, path, hasEnd: isFull || flags.contains { $0 & 3 != 0 })
    }

    /// What a slot cannot be after the one before it, if anything; nothing is known of what came before the oldest.
    private static func complaint(
        _ flag: ReplayFlags, after before: ReplayFlags?, isNewest: Bool
    ) -> String? {
        if flag.isSuperset(of: [.final, .episodeStart]) { return "is an episode's last observation and its first" }
        if isNewest, flag.contains(.final) {
            return "is an episode's last observation, where an action is to be chosen"
        }
        guard let before else { return nil }
        if before.contains(.terminated) || before.contains(.final), !flag.contains(.episodeStart) {
            return "starts no episode, though the last one has ended"
        }
        let needsFinal = before.contains(.truncated) && !before.contains(.terminated)
        if needsFinal, !flag.contains(.final) {
            return "is not the final observation of the episode truncated before it"
        }
        if !needsFinal, flag.contains(.final) {
            return "is a final observation, though no episode was truncated before it"
        }
        return nil
    }

    /// The sum that a tree of the priorities has at its root; a full ring, or one that has seen an episode's end, always
    /// has something to draw.
    private static func checkSum(
        of replay: ReplaySnapshot, _ path: String, hasEnd: Bool
    ) throws(CheckpointError) {
        guard replay.columns.contains(where: { $0.name == ReplayRules.priorities && $0.element == .float64 }) else {
            return
        }
        let leaves: [Double] = try ReplayRules.scalars(ReplayRules.priorities, .float64, replay, path, .episodes)
        let sum = leaves.reduce(0, +)
        guard sum.isFinite, !hasEnd || sum > 0 else {
            throw .broken(
                .episodes, "/\(path)/\(ReplayRules.priorities) has the sum \(sum), from which nothing can be drawn.")
        }
    }
}
