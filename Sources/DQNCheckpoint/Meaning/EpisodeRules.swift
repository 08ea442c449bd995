internal import DQNModel

/// Rule 22: the slots of a replay form valid episodes. It applies to files from 2.0 on, and to what another program's
/// method has stored only in `verify --deep`.
///
/// An episode may start anywhere, for example after an abandoned one. But a start must follow an end, and a final
/// observation must follow a truncated step and nothing else.
struct EpisodeRules {
    private let ring: ReplaySnapshot
    private let path: String
    private let isPrioritized: Bool
    private var first: ReplayFlags?
    private var before: ReplayFlags?
    private var hasEnd: Bool
    private var sum = 0.0

    init(of ring: ReplaySnapshot, _ path: String, isPrioritized: Bool) {
        self.ring = ring
        self.path = path
        self.isPrioritized = isPrioritized
        hasEnd = ring.count == ring.capacity
    }

    /// The oldest slot. What preceded it is unknown.
    private var oldest: Int { ring.count == ring.capacity ? (ring.cursor + 1) % ring.count : 0 }

    /// Checks the next slots, in slot order.
    ///
    /// - Parameters:
    ///   - priorities: Those of the slots, if the replay has any.
    ///   - start: The first of the slots.
    mutating func check(_ flags: [UInt8], _ priorities: [Double], at start: Int) throws(CheckpointError) {
        for (index, value) in flags.enumerated() {
            let (slot, flag) = (start + index, ReplayFlags(rawValue: value))
            if slot == 0 { first = flag }
            try check(flag, in: slot, after: slot == oldest ? nil : before)
            if flag.endsEpisode { hasEnd = true }
            before = flag
        }
        sum = priorities.reduce(sum, +)
    }

    private func check(_ flag: ReplayFlags, in slot: Int, after before: ReplayFlags?) throws(CheckpointError) {
        if let complaint = Self.complaint(flag, after: before, isNewest: slot == ring.cursor) {
            throw .broken(.episodes, "/\(path) has an invalid slot \(slot): it \(complaint).")
        }
    }

    /// Checks what depends on all slots: the step from the last one to slot 0, and the sum of the priorities, the root
    /// of their tree. A full ring, and one that contains the end of an episode, always has steps to sample.
    func finish() throws(CheckpointError) {
        if oldest != 0, let first { try check(first, in: 0, after: before) }
        guard isPrioritized else { return }
        guard sum.isFinite, !hasEnd || sum > 0 else {
            throw .broken(
                .episodes, "/\(path)/\(ReplayRules.priorities) has the sum \(sum), from which no step can be sampled.")
        }
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
}
