internal import DQNModel

/// The document `/configuration`, whose keys are those of the trainer.
enum ConfigurationDocument {
    /// The maximum number of keys, and of bytes of a key.
    private static let (keys, keyBytes) = (4096, 1024)

    /// What is invalid, or `nil`.
    static func complaint(about document: JSONValue) -> String? {
        guard case .object(let members) = document else { return "is not a JSON object" }
        if members.count > keys { return "has \(members.count) keys; at most \(keys) are allowed" }
        return members.keys.contains { $0.utf8.count > keyBytes }
            ? "has a key of more than \(keyBytes) bytes" : nil
    }
}

/// The document `/optimizer/state`.
struct OptimizerDocument: Codable {
    private enum CodingKeys: String, CodingKey {
        case kind
        case hyperparameters
        case stepCount = "step_count"
    }
    var kind: String
    var hyperparameters: [String: Double]
    var stepCount: Int

    /// What is invalid, or `nil`.
    var complaint: String? { CountRange.valid.contains(stepCount) ? nil : "has a step count below zero or above 2^53" }
}

/// The keys of the document `/workers/N/state` that all versions share; the whole document in 1.0.
struct SharedWorkerDocument: WorkerDocument {
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

        init(_ replay: ReplaySnapshot) {
            capacity = replay.capacity
            chunkLength = replay.chunkLength
            count = replay.count
            cursor = replay.cursor
        }
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

    /// Creates the document of a worker.
    init(_ worker: WorkerState) {
        environment = worker.environment.map { Environment(kind: $0.kind, version: $0.version) }
        episodeLength = worker.episodeLength
        episodeReturn = worker.episodeReturn
        recentLengths = worker.recentLengths
        recentReturns = worker.recentReturns
        replay = worker.replay.map(Replay.init)
    }

    var shared: SharedWorkerDocument { self }
    var addedComplaint: (rule: Rule, text: String)? { nil }

    /// What is invalid, or `nil`.
    var complaint: String? {
        if !CountRange.valid.contains(episodeLength) || recentLengths.contains(where: { !(0...(1 << 31)).contains($0) })
        {
            return "has an episode with an invalid length"
        }
        return recentLengths.count == recentReturns.count
            ? nil : "has \(recentLengths.count) lengths but \(recentReturns.count) returns of finished episodes"
    }
}

/// The document `/extensions/OWNER/descriptor`.
struct ExtensionDocument: Codable {
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
