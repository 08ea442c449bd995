internal import DQNModel

/// Format 1.1: adds to 1.0 the status of each worker, its method's state, replay priorities, and dueling and
/// actor-critic heads. See `docs/format.md`.
enum Format1_1: FormatCodec {
    static let version = "1.1"
    static let layout = Format1_0.layout
    static let architectureKeys = ArchitectureKeys.basic
    static let workerMembers = Format1_0.workerMembers.union(["learner"])

    static let optionalReplayColumns: Set = [ReplayRules.priorities]

    static func unsupportedParts(of architecture: NetworkArchitecture) -> [String] {
        Format1_0.unsupportedLayers(of: architecture) + (unsupportedHead(architecture.head).map { [$0] } ?? [])
    }

    private static func unsupportedHead(_ head: NetworkArchitecture.Head) -> String? {
        switch head {
        case .actionValues, .dueling(_, nil), .actorCritic(_, nil): nil
        case .dueling, .actorCritic: "hidden layers in its head"
        case .quantiles: "a head of quantiles"
        }
    }

    /// The document `/workers/N/state`: that of 1.0 with additional keys.
    struct Worker: WorkerDocument {
        struct Learner: Codable {
            private enum CodingKeys: String, CodingKey { case kind, version }
            var kind: String
            var version: Int
        }
        private enum Key: String, CodingKey {
            case status = "standing"
            case agentSteps = "agent_steps"
            case finalEpsilon = "final_epsilon"
            case learner
        }

        /// The keys of 1.0.
        let shared: SharedWorkerDocument
        var status: WorkerStatus
        var agentSteps: Int
        var finalEpsilon: Double?
        var learner: Learner?

        /// Creates the document of a worker.
        init(_ worker: WorkerState) {
            shared = SharedWorkerDocument(worker)
            status = worker.status
            agentSteps = worker.agentSteps
            finalEpsilon = worker.finalEpsilon
            learner = worker.learner.map { Learner(kind: $0.kind, version: $0.version) }
        }

        init(from decoder: any Decoder) throws {
            shared = try SharedWorkerDocument(from: decoder)
            let container = try decoder.container(keyedBy: Key.self)
            status = try container.decode(WorkerStatus.self, forKey: .status)
            agentSteps = try container.decode(Int.self, forKey: .agentSteps)
            finalEpsilon = try container.decodeIfPresent(Double.self, forKey: .finalEpsilon)
            learner = try container.decodeIfPresent(Learner.self, forKey: .learner)
        }

        func encode(to encoder: any Encoder) throws {
            try shared.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(status, forKey: .status)
            try container.encode(agentSteps, forKey: .agentSteps)
            try container.encodeIfPresent(finalEpsilon, forKey: .finalEpsilon)
            try container.encodeIfPresent(learner, forKey: .learner)
        }

        var addedComplaint: (rule: Rule, text: String)? {
            if !CountRange.valid.contains(agentSteps) {
                return (.learner, "has agent steps below zero or above 2^53")
            }
            if let finalEpsilon, !(0...1).contains(finalEpsilon) {
                return (.learner, "has the final epsilon \(finalEpsilon), which is not between 0 and 1")
            }
            return nil
        }
    }
}
