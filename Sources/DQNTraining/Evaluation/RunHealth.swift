package import DQNCheckpoint
package import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import Foundation

/// Finds the signs of a run that will not learn, at each evaluation, and warns about each kind once per run.
///
/// The warnings are part of the state: checkpoints hold them in an extension group, so that a resume does not repeat
/// them. They depend on nothing but the metrics and the probe batch, and change nothing that is trained.
package struct RunHealth: Sendable, Equatable {
    /// What is wrong. The raw values name the arrays in checkpoints.
    package enum Sign: String, CaseIterable, Sendable {
        /// More than half of the units of a layer are dead at two evaluations in a row.
        case deadUnits = "dead_units"
        /// The network's outputs hardly depend on the observation.
        case equalValues = "equal_values"
        /// The loss grows from evaluation to evaluation.
        case growingLoss = "growing_loss"
        /// The policy of an actor-critic hardly ever varies its action, and is no good.
        case entropyGone = "entropy_gone"
        /// Every evaluation has had the same result.
        case constantEvaluations = "constant_evaluations"
    }

    /// The owner of the extension group.
    package static let owner = "org.swift-dqn.warnings"
    private static let kind = "warnings"
    private static let layout = 1

    /// The dead fraction of a layer above which it is mostly dead.
    static let deadFraction = 0.5
    /// The spread of the network's outputs over the observations, relative to their size, below which they are equal.
    static let relativeSpread = 1e-4
    /// Different observations that a probe batch needs to say anything.
    static let minimumObservations = 8
    /// Evaluations in a row in which the loss must have grown, and the factor by which in all.
    static let growth = (evaluations: 5, factor: 1_000.0)
    /// The mean entropy, relative to that of the uniform policy, below which a policy has none.
    static let relativeEntropy = 1e-3
    /// Evaluations that must be the same, and the fraction of the schedule that they must cover.
    static let constant = (evaluations: 5, fraction: 0.5)

    /// The warnings so far.
    package private(set) var warnings: [Sign: String] = [:]

    /// No warnings.
    package init() {}

    /// Restores the warnings of a checkpoint.
    package init(restoring extensions: [ExtensionGroup]) {
        guard let state = extensions.first(where: { $0.owner == Self.owner })?.state, state.version == Self.layout
        else {
            return
        }
        for sign in Sign.allCases {
            if case .uint8(let text)? = state.values[sign.rawValue] {
                warnings[sign] = String(decoding: text, as: UTF8.self)
            }
        }
    }

    /// The extension group of a checkpoint; `nil` without warnings.
    package var group: ExtensionGroup? {
        if warnings.isEmpty { return nil }
        let values = warnings.map { ($0.key.rawValue, StateSnapshot.Value.uint8(Array($0.value.utf8))) }
        return ExtensionGroup(
            owner: Self.owner, mustUnderstand: false,
            state: StateSnapshot(
                kind: Self.kind, version: Self.layout, values: Dictionary(uniqueKeysWithValues: values)))
    }

    /// Checks the run after an evaluation and returns the new warnings.
    ///
    /// - Parameters:
    ///   - history: the metrics, up to the row of this evaluation.
    ///   - probe: the figures of the probe batch at this evaluation.
    package mutating func check(
        _ history: MetricHistory, _ probe: ProbeFigures, _ configuration: TrainingConfiguration
    ) -> [String] {
        let evaluations = EvaluationHistory(history)
        let found: [(Sign, String?)] = [
            (.deadUnits, Self.deadUnits(probe, evaluations, configuration)),
            (.equalValues, Self.equalValues(probe, configuration)),
            (.growingLoss, Self.growingLoss(evaluations)),
            (.entropyGone, Self.entropyGone(probe, evaluations, configuration)),
            (.constantEvaluations, Self.constantEvaluations(evaluations, configuration)),
        ]
        return found.compactMap { sign, text in
            guard let text, warnings[sign] == nil, let step = history.agentSteps.last else { return nil }
            let warning = "step \(step): \(text)"
            warnings[sign] = warning
            return warning
        }
    }

    private static func deadUnits(
        _ probe: ProbeFigures, _ evaluations: EvaluationHistory, _ configuration: TrainingConfiguration
    ) -> String? {
        // A small network may have such a layer for a while, as long as it sees few states.
        let dead = probe.layers.filter { layer in
            layer.deadFraction > deadFraction && (evaluations.previousFraction(layer.name) ?? 0) > deadFraction
        }
        guard !dead.isEmpty, probe.distinctObservations >= minimumObservations else { return nil }
        let list = dead.map { "\($0.dead) of \($0.units) in \($0.name)" }.joined(separator: ", ")
        return "most units of a layer are zero for each of \(probe.distinctObservations) different observations "
            + "(\(list)), and dead units do not learn; \(remedy(configuration))"
    }

    private static func equalValues(_ probe: ProbeFigures, _ configuration: TrainingConfiguration) -> String? {
        guard probe.distinctObservations >= minimumObservations, probe.spread <= relativeSpread * abs(probe.mean) else {
            return nil
        }
        let what = probe.entropy == nil ? "the action values are" : "the state value is"
        return "\(what) the same for each of \(probe.distinctObservations) different observations (mean "
            + "\(text(probe.mean)), standard deviation \(text(probe.spread))), so the network ignores its input; "
            + remedy(configuration)
    }

    /// What keeps a network alive.
    private static func remedy(_ configuration: TrainingConfiguration) -> String {
        "start a new run with a lower learning_rate (now \(configuration.learningRate))"
            + (configuration.initialization == .orthogonal ? "" : " or initialization=orthogonal")
    }

    private static func growingLoss(_ evaluations: EvaluationHistory) -> String? {
        let losses = evaluations.losses.suffix(growth.evaluations + 1)
        guard losses.count > growth.evaluations, let first = losses.first, let last = losses.last, first > 0,
            zip(losses, losses.dropFirst()).allSatisfy({ $0 < $1 }), last >= growth.factor * first
        else { return nil }
        return
            "the loss has grown at \(growth.evaluations) evaluations in a row, from \(text(first)) to \(text(last)); "
            + "start a new run with a lower learning_rate, max_gradient_norm or discount, or a slower target "
            + "(target_interval, target_rate)"
    }

    private static func entropyGone(
        _ probe: ProbeFigures, _ evaluations: EvaluationHistory, _ configuration: TrainingConfiguration
    ) -> String? {
        guard let entropy = probe.entropy, entropy < relativeEntropy * log(Double(probe.actions)),
            let best = evaluations.returns.max(), let newest = evaluations.returns.last,
            newest < best || evaluations.areConstant
        else { return nil }
        return
            "the policy's entropy is \(text(entropy)) of at most \(text(log(Double(probe.actions)))) nats per step, so it no "
            + "longer explores; start a new run with a higher entropy_coefficient (now "
            + "\(configuration.entropyCoefficient)) or a lower learning_rate"
    }

    private static func constantEvaluations(
        _ evaluations: EvaluationHistory, _ configuration: TrainingConfiguration
    ) -> String? {
        guard evaluations.returns.count >= constant.evaluations, evaluations.areConstant,
            let step = evaluations.lastStep, let value = evaluations.returns.last,
            Double(step) >= constant.fraction * Double(configuration.scheduleSteps)
        else { return nil }
        return
            "all \(evaluations.returns.count) evaluations had the same mean return, \(text(value)); unless no better "
            + "one exists, the run does not learn: train longer, explore more (epsilon_fraction, epsilon_final, "
            + "entropy_coefficient) or change learning_rate"
    }

    private static func text(_ value: Double) -> String { String(format: "%.3g", value) }
}

/// The evaluations of a run's metrics.
private struct EvaluationHistory {
    /// The mean returns.
    var returns: [Double] = []
    /// The mean losses at the evaluations that have one.
    var losses: [Double] = []
    var lastStep: Int?
    /// The rows of the evaluations.
    private var rows: [Int] = []
    private let history: MetricHistory

    init(_ history: MetricHistory) {
        self.history = history
        let losses = history.columns["train/loss"]
        for (index, value) in (history.columns["eval/mean_reward"] ?? []).enumerated() where !value.isNaN {
            returns.append(value)
            rows.append(index)
            lastStep = history.agentSteps[index]
            if let loss = losses?[index], !loss.isNaN { self.losses.append(loss) }
        }
    }

    /// Returns the dead fraction of a layer at the evaluation before the last one.
    func previousFraction(_ layer: String) -> Double? {
        guard let row = rows.dropLast().last else { return nil }
        return history.columns[ProbeFigures.column(layer)]?[row]
    }

    /// Whether all have the same mean return.
    var areConstant: Bool { returns.allSatisfy { $0 == returns.first } }
}
