internal import DQNModel
internal import DQNNetwork

/// Asynchronous one-step SARSA (Mnih 2016, section 4; Rummery 1994): `--method async-sarsa`.
///
/// Algorithm: that of ``AsynchronousQ`` with the target y = r + γ Q(s′, a′; θ⁻), where a′ is the next action taken.
///
/// Defaults: those of `async-q`.
///
/// Deviations from the paper: those of `async-q`. The action after the last step of a segment is chosen before the
/// update and taken after it. If a time limit ended the episode, the same policy draws an action whose value is used
/// but which is not taken; if the environment then failed to begin another episode, the best action stands in for it.
struct AsynchronousSARSA: TrainingMethod, ValueBasedRule {
    let name = "async-sarsa"
    let summary = "asynchronous one-step SARSA (Mnih 2016)"
    let allowsSeveralWorkers = true
    let usesTarget = true
    let usesReplay = false
    let isActorCritic = false
    let choosesAhead = true
    let bootstrapsEveryStep = true

    func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
        try requireNoOptions(configuration)
        guard !configuration.doubleDQN else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method 'async-sarsa' bootstraps from the action taken, so 'double' does not apply; "
                    + "leave it out.")
        }
        // q(s′, a′) − τ ln π(a′|s′) is the soft maximum for every a′.
        guard !configuration.munchausen else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "With munchausen the target of 'async-sarsa' would not depend on the action taken; "
                    + "use --method async-q, or leave munchausen out.")
        }
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner {
        try SegmentLearner(context, self, rule: self)
    }

    func evaluate(
        _ segment: Segment, _ networks: SegmentNetworks, outputs: UnsafeBufferPointer<Float>,
        gradient: UnsafeMutableBufferPointer<Float>
    ) throws -> SegmentLoss {
        let discount = Float(networks.configuration.discount)
        let values = try networks.targetOutputs(after: segment)
        let width = values.count / segment.capacity
        for row in 0..<segment.count {
            let next = UnsafeBufferPointer(rebasing: values[(row * width)..<((row + 1) * width)])
            var value: Float = 0
            if !segment.isTerminated(row) {
                let action = Int(segment.nextAction(after: row))
                // No action was chosen if the environment failed before the round ended.
                value = next[action >= 0 ? action : next.indexOfMaximum(allowing: segment.nextMask(row))]
            }
            segment.targets[row] = segment.rewards[row] + discount * value
        }
        return networks.loss(of: segment, outputs: outputs, gradient: gradient)
    }
}
