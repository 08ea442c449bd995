internal import DQNModel

/// The document `/progress`.
struct ProgressDocument: Codable {
    var counters: Counters
    var evaluation: Evaluation?
    var bestEvaluation: Evaluation?
    var reachedTarget: Bool
    var statistics: [String: Double]
    var stripped: [String]

    private enum CodingKeys: String, CodingKey {
        case counters
        case evaluation
        case bestEvaluation = "best_evaluation"
        case reachedTarget = "reached_target"
        case statistics
        case stripped
    }

    init(
        counters: Counters, evaluation: Evaluation? = nil, bestEvaluation: Evaluation? = nil, reachedTarget: Bool,
        statistics: [String: Double], stripped: [String]
    ) {
        self.counters = counters
        self.evaluation = evaluation
        self.bestEvaluation = bestEvaluation
        self.reachedTarget = reachedTarget
        self.statistics = statistics
        self.stripped = stripped
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        counters = try container.decode(CountersDocument.self, forKey: .counters).counters
        evaluation = try container.decodeIfPresent(EvaluationDocument.self, forKey: .evaluation)?.evaluation
        bestEvaluation = try container.decodeIfPresent(EvaluationDocument.self, forKey: .bestEvaluation)?.evaluation
        reachedTarget = try container.decode(Bool.self, forKey: .reachedTarget)
        statistics = try container.decode([String: Double].self, forKey: .statistics)
        stripped = try container.decode([String].self, forKey: .stripped)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(CountersDocument(counters), forKey: .counters)
        try container.encodeIfPresent(evaluation.map { EvaluationDocument($0) }, forKey: .evaluation)
        try container.encodeIfPresent(bestEvaluation.map { EvaluationDocument($0) }, forKey: .bestEvaluation)
        try container.encode(reachedTarget, forKey: .reachedTarget)
        try container.encode(statistics, forKey: .statistics)
        try container.encode(stripped, forKey: .stripped)
    }

    /// The document for parameters that have never been evaluated.
    var withoutEvaluations: ProgressDocument {
        ProgressDocument(
            counters: counters, reachedTarget: false, statistics: statistics, stripped: stripped)
    }

    /// What is invalid, or `nil`.
    var complaint: String? {
        let counts = [
            counters.agentSteps, counters.frames, counters.gradientUpdates, counters.targetRefreshes,
            counters.episodes, counters.evaluations,
        ]
        if counts.contains(where: { !CountRange.valid.contains($0) }) {
            return "has a counter below zero or above 2^53"
        }
        for evaluation in [evaluation, bestEvaluation].compactMap(\.self)
        where evaluation.agentSteps < 0 || evaluation.episodes < 1 || evaluation.standardDeviation < 0 {
            return "has an invalid evaluation"
        }
        if let unknown = stripped.first(where: { !["optimizer", "replay", "training"].contains($0) }) {
            return "names '\(unknown)' as stripped; only optimizer, replay and training can be"
        }
        return nil
    }
}

/// ``Counters`` with the file's keys.
private struct CountersDocument: Codable {
    var agentSteps: Int
    var frames: Int
    var gradientUpdates: Int
    var targetRefreshes: Int
    var episodes: Int
    var evaluations: Int

    private enum CodingKeys: String, CodingKey {
        case agentSteps = "agent_steps"
        case frames
        case gradientUpdates = "gradient_updates"
        case targetRefreshes = "target_refreshes"
        case episodes
        case evaluations
    }

    init(_ counters: Counters) {
        agentSteps = counters.agentSteps
        frames = counters.frames
        gradientUpdates = counters.gradientUpdates
        targetRefreshes = counters.targetRefreshes
        episodes = counters.episodes
        evaluations = counters.evaluations
    }

    var counters: Counters {
        var counters = Counters()
        counters.agentSteps = agentSteps
        counters.frames = frames
        counters.gradientUpdates = gradientUpdates
        counters.targetRefreshes = targetRefreshes
        counters.episodes = episodes
        counters.evaluations = evaluations
        return counters
    }
}

/// ``Evaluation`` with the file's keys.
private struct EvaluationDocument: Codable {
    var agentSteps: Int
    var meanReturn: Double
    var standardDeviation: Double
    var episodes: Int

    private enum CodingKeys: String, CodingKey {
        case agentSteps = "agent_steps"
        case meanReturn = "mean_return"
        case standardDeviation = "standard_deviation"
        case episodes
    }

    init(_ evaluation: Evaluation) {
        agentSteps = evaluation.agentSteps
        meanReturn = evaluation.meanReturn
        standardDeviation = evaluation.standardDeviation
        episodes = evaluation.episodes
    }

    var evaluation: Evaluation {
        Evaluation(
            agentSteps: agentSteps, meanReturn: meanReturn, standardDeviation: standardDeviation,
            episodes: episodes)
    }
}
