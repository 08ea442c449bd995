internal import DQNModel

/// Format 1.0: replay stored plainly, one writer, any number of workers. See `docs/format.md`.
///
/// What a later version has in common with it is read and written by the functions here; each takes what differs.
enum Format1_0: FormatCodec {
    static let version = "1.0"
    static let isSealed = false

    /// The members of a group `/workers/N`.
    static let workerMembers: Set = ["state", "random", "environment", "observation", "replay"]

    /// Whether the version has a head; the others came later.
    static func has(_ head: NetworkArchitecture.Head) -> Bool {
        switch head {
        case .actionValues: true
        case .dueling, .actorCritic: false
        }
    }

    /// What may be counted: JSON readers everywhere keep such integers, and adding to them cannot overflow.
    static let countRange = 0...(1 << 53)

    /// The document `/progress`.
    struct Progress: Codable {
        var counters: Counters
        var evaluation: Evaluation?
        var bestEvaluation: Evaluation?
        var reachedTarget: Bool
        var statistics: [String: Double]
        var stripped: [String]

        /// What cannot be, if anything.
        var complaint: String? {
            let counts = [
                counters.agentSteps, counters.frames, counters.gradientUpdates, counters.targetRefreshes,
                counters.episodes, counters.evaluations,
            ]
            if counts.contains(where: { !countRange.contains($0) }) { return "has a counter below zero or above 2^53" }
            for evaluation in [evaluation, bestEvaluation].compactMap(\.self)
            where evaluation.agentSteps < 0 || evaluation.episodes < 1 || evaluation.standardDeviation < 0 {
                return "has an evaluation that cannot be"
            }
            if let unknown = stripped.first(where: { !["optimizer", "replay", "training"].contains($0) }) {
                return "names '\(unknown)' as stripped, which is no part of a checkpoint"
            }
            return nil
        }
    }

    /// The document `/optimizer/state`.
    struct Optimizer: Codable {
        var kind: String
        var hyperparameters: [String: Double]
        var stepCount: Int

        /// What cannot be, if anything.
        var complaint: String? { countRange.contains(stepCount) ? nil : "counts below zero or above 2^53" }
    }

    /// The document `/workers/N/state`.
    struct Worker: Codable {
        struct Environment: Codable {
            var kind: String
            var version: Int
        }
        struct Replay: Codable {
            var capacity: Int
            var chunkLength: Int
            var count: Int
            var cursor: Int
        }
        var environment: Environment?
        var episodeLength: Int
        var episodeReturn: Double
        var recentLengths: [Int]
        var recentReturns: [Double]
        var replay: Replay?

        /// Describes a worker.
        init(_ worker: WorkerState) {
            environment = worker.environment.map { Environment(kind: $0.kind, version: $0.version) }
            episodeLength = worker.episodeLength
            episodeReturn = worker.episodeReturn
            recentLengths = worker.recentLengths
            recentReturns = worker.recentReturns
            replay = worker.replay.map {
                Replay(capacity: $0.capacity, chunkLength: $0.chunkLength, count: $0.count, cursor: $0.cursor)
            }
        }

        /// What cannot be, if anything.
        var complaint: String? {
            if !countRange.contains(episodeLength) || recentLengths.contains(where: { !(0...(1 << 31)).contains($0) }) {
                return "has an episode of impossible length"
            }
            return recentLengths.count == recentReturns.count
                ? nil : "has \(recentLengths.count) lengths, but \(recentReturns.count) returns of ended episodes"
        }
    }

    /// The document `/extensions/OWNER/descriptor`.
    struct Extension: Codable {
        var owner: String
        var mustUnderstand: Bool
        var kind: String
        var version: Int
    }

    /// Names that become part of a path: letters, digits, `_`, `-` and `.`, not starting with a dot.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128 && name.first != "."
            && name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == 95 || byte == 45 || byte == 46
            }
    }
}
