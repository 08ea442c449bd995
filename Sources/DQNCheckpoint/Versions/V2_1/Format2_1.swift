internal import DQNModel

/// Format 2.1: adds to 2.0 the layers, heads and input scaling of more networks, several environments for each worker,
/// and action masks. See `docs/format.md`.
enum Format2_1: FormatCodec {
    static let version = "2.1"
    static let layout = Format2_0.layout
    static let architectureKeys = ArchitectureKeys.all
    static let workerMembers = Format2_0.workerMembers.union([actionMask, "environments"])

    /// The permitted members of a group `/workers/N/environments/K`.
    static let environmentMembers: Set = ["environment", "observation", actionMask, "replay"]
    /// The dataset with the actions that the current observation allows.
    static let actionMask = "action_mask"

    static let optionalReplayColumns = Format2_0.optionalReplayColumns.union([ReplayRules.nextActionMasks])

    static func unsupportedParts(of architecture: NetworkArchitecture) -> [String] { [] }

    /// The document `/workers/N/state`: that of 2.0 with additional keys.
    struct Worker: WorkerDocument {
        /// What describes an environment but the first.
        struct Environment: Codable {
            private enum CodingKeys: String, CodingKey {
                case environment
                case episodeLength = "episode_length"
                case episodeReturn = "episode_return"
                case replay
            }
            var environment: SharedWorkerDocument.Environment?
            var episodeLength: Int
            var episodeReturn: Double
            var replay: SharedWorkerDocument.Replay?

            init(_ state: SubEnvironmentState) {
                environment = state.environment.map { .init(kind: $0.kind, version: $0.version) }
                episodeLength = state.episodeLength
                episodeReturn = state.episodeReturn
                replay = state.replay.map(SharedWorkerDocument.Replay.init)
            }
        }
        private enum Key: String, CodingKey { case environments }

        /// The keys of 2.0.
        let previous: Format2_0.Worker
        /// The worker's environments but the first; empty if the key is absent.
        let environments: [Environment]

        /// Creates the document of a worker.
        init(_ worker: WorkerState) {
            previous = Format2_0.Worker(worker)
            environments = worker.additionalEnvironments.map(Environment.init)
        }

        init(from decoder: any Decoder) throws {
            previous = try Format2_0.Worker(from: decoder)
            let container = try decoder.container(keyedBy: Key.self)
            environments = try container.decodeIfPresent([Environment].self, forKey: .environments) ?? []
        }

        func encode(to encoder: any Encoder) throws {
            try previous.encode(to: encoder)
            guard !environments.isEmpty else { return }
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(environments, forKey: .environments)
        }

        var shared: SharedWorkerDocument { previous.shared }

        var addedComplaint: (rule: Rule, text: String)? {
            if let complaint = previous.addedComplaint { return complaint }
            if environments.count >= Format2_1.environmentLimit {
                return (
                    .environments,
                    "has \(environments.count + 1) environments; at most "
                        + "\(Format2_1.environmentLimit) are allowed"
                )
            }
            return environments.contains { !CountRange.valid.contains($0.episodeLength) }
                ? (.environments, "has an environment whose episode has an invalid length") : nil
        }
    }

    /// The largest number of environments of a worker.
    static let environmentLimit = 4096
}
