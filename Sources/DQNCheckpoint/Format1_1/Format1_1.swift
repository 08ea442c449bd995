internal import DQNModel

/// Format 1.1: what 1.0 holds, and where each worker stands, what its method holds for it, priorities of replay, and
/// dueling and actor-critic heads. See `docs/format.md`.
enum Format1_1: FormatCodec {
    static let version = "1.1"
    static let isSealed = false

    /// The replay column of priorities.
    static let priorities = "priorities"

    /// The members of a group `/workers/N`.
    static let workerMembers = Format1_0.workerMembers.union(["learner"])

    /// The document `/workers/N/state`: that of 1.0 with more keys.
    struct Worker: Codable {
        struct Learner: Codable {
            private enum CodingKeys: String, CodingKey { case kind, version }
            var kind: String
            var version: Int
        }
        private enum Key: String, CodingKey {
            case standing
            case agentSteps = "agent_steps"
            case finalEpsilon = "final_epsilon"
            case learner
        }

        /// The keys of 1.0.
        var base: Format1_0.Worker
        var standing: WorkerState.Standing
        var agentSteps: Int
        var finalEpsilon: Double?
        var learner: Learner?

        /// Describes a worker.
        init(_ worker: WorkerState) {
            base = Format1_0.Worker(worker)
            standing = worker.standing
            agentSteps = worker.agentSteps
            finalEpsilon = worker.finalEpsilon
            learner = worker.learner.map { Learner(kind: $0.kind, version: $0.version) }
        }

        init(from decoder: any Decoder) throws {
            base = try Format1_0.Worker(from: decoder)
            let container = try decoder.container(keyedBy: Key.self)
            standing = try container.decode(WorkerState.Standing.self, forKey: .standing)
            agentSteps = try container.decode(Int.self, forKey: .agentSteps)
            finalEpsilon = try container.decodeIfPresent(Double.self, forKey: .finalEpsilon)
            learner = try container.decodeIfPresent(Learner.self, forKey: .learner)
        }

        func encode(to encoder: any Encoder) throws {
            try base.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(standing, forKey: .standing)
            try container.encode(agentSteps, forKey: .agentSteps)
            try container.encodeIfPresent(finalEpsilon, forKey: .finalEpsilon)
            try container.encodeIfPresent(learner, forKey: .learner)
        }

        /// What of the new keys cannot be, if anything.
        var complaint: String? {
            if !Format1_0.countRange.contains(agentSteps) { return "counts below zero or above 2^53 agent steps" }
            if let finalEpsilon, !(0...1).contains(finalEpsilon) {
                return "has the final epsilon \(finalEpsilon), which is no probability"
            }
            return nil
        }
    }

    /// What a learner's state cannot hold: rule 17.
    static func check(_ learner: StateSnapshot, _ path: String) throws(CheckpointError) {
        for (name, value) in learner.values.sorted(by: { $0.key < $1.key }) {
            let isFinite =
                switch value {
                case .float64(let values): values.allSatisfy(\.isFinite)
                case .float32(let values): values.allSatisfy(\.isFinite)
                case .int64, .uint64, .uint8: true
                }
            guard isFinite else {
                throw .broken(.learner, "/\(path)/\(name) holds something else than finite numbers.")
            }
        }
    }

    /// What a replay's priorities cannot be: rule 18.
    static func checkPriorities(
        _ replay: ReplaySnapshot, _ path: String, readingContent isContentRead: Bool = true
    ) throws(CheckpointError) {
        guard replay.columns.contains(where: { $0.name == priorities }) else { return }
        try ReplayRules.requireScalars(priorities, .float64, replay, path, .priorities)
        guard isContentRead else { return }
        let values: [Double] = try ReplayRules.scalars(priorities, .float64, replay, path, .priorities)
        let flags: [UInt8] = try ReplayRules.scalars("flags", .uint8, replay, path, .replay)
        for (slot, value) in values.enumerated() {
            // What holds no action cannot be drawn.
            let isOpen = slot == replay.cursor || ReplayFlags(rawValue: flags[slot]).contains(.final)
            guard value.isFinite, isOpen ? value == 0 : value >= 0 else {
                throw .broken(
                    .priorities,
                    "/\(path)/\(priorities) is \(value) in slot \(slot), which cannot be\(isOpen ? " without an action" : "")."
                )
            }
        }
    }
}
