internal import DQNModel

/// Rule 22: the slots of a replay form valid episodes. Only `verify --deep` checks it, for files of 2.0; loading does
/// not.
///
/// An episode may start anywhere, for example after an abandoned one. But a start must follow an end, and a final
/// observation must follow a truncated step and nothing else.
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
                throw .broken(.episodes, "/\(path) has an invalid slot \(slot): it \(complaint).")
            }
            before = flag
        }
        try checkSum(of: replay, path, hasEnd: isFull || flags.contains { $0 & 3 != 0 })
    }

    /// Returns why a slot is invalid after the previous one, or `nil`. What preceded the oldest slot is unknown.
    private static func complaint(
        _ flag: ReplayFlags, after before: ReplayFlags?, isNewest: Bool
    ) -> String? {
        if flag.contains(.final), flag.contains(.episodeStart) {
            return "is both the final and the first observation of an episode"
        }
        if isNewest, flag.contains(.final) {
            return "is the newest, but also the final observation of an episode"
        }
        guard let before else { return nil }
        if before.contains(.terminated) || before.contains(.final), !flag.contains(.episodeStart) {
            return "does not start an episode although the previous one has ended"
        }
        let needsFinal = before.contains(.truncated) && !before.contains(.terminated)
        if needsFinal, !flag.contains(.final) {
            return "is not the final observation of the episode truncated before it"
        }
        if !needsFinal, flag.contains(.final) {
            return "is a final observation although no episode was truncated before it"
        }
        return nil
    }

    /// Checks the sum of the priorities, the root of their tree. A full ring, and one that contains the end of an
    /// episode, always has steps to sample.
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
                .episodes, "/\(path)/\(ReplayRules.priorities) has the sum \(sum), from which no step can be sampled.")
        }
    }
}
