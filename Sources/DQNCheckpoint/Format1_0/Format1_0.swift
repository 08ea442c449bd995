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

    /// The document `/optimizer/state`.
    struct Optimizer: Codable {
        private enum CodingKeys: String, CodingKey {
            case kind
            case hyperparameters
            case stepCount = "step_count"
        }
        var kind: String
        var hyperparameters: [String: Double]
        var stepCount: Int

        /// What cannot be, if anything.
        var complaint: String? { countRange.contains(stepCount) ? nil : "counts below zero or above 2^53" }
    }

    /// The document `/workers/N/state`.
    struct Worker: Codable {
        struct Environment: Codable {
            private enum CodingKeys: String, CodingKey { case kind, version }
            var kind: String
            var version: Int
        }
        struct Replay: Codable {
            private enum CodingKeys: String, CodingKey {
                case capacity
                case chunkLength = "chunk_length"
                case count
                case cursor
            }
            var capacity: Int
            var chunkLength: Int
            var count: Int
            var cursor: Int
        }
        private enum CodingKeys: String, CodingKey {
            case environment
            case episodeLength = "episode_length"
            case episodeReturn = "episode_return"
            case recentLengths = "recent_lengths"
            case recentReturns = "recent_returns"
            case replay
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
        private enum CodingKeys: String, CodingKey {
            case owner
            case mustUnderstand = "must_understand"
            case kind
            case version
        }
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
