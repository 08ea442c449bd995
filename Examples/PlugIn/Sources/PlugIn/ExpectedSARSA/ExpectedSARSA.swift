import DQN
import DQNNetwork

/// Expected SARSA (van Seijen 2009) with eligibility traces (Sutton and Barto 2018, section 12.9), by any number of
/// workers on shared parameters: `method` `expected-sarsa`.
///
/// Algorithm, after each step of a worker:
/// 1. Compute the error of the expected value over the next action, with the ε-greedy policy π:
///    δ = r + γ (1 − terminated) Σ π(a′|s′) Q(s′, a′; θ′) − Q(s, a; θ′).
/// 2. Update the eligibility trace: e ← γ λ e + ∇Q(s, a; θ′).
/// 3. Apply the gradient −δ e to θ, and copy the parameters: θ′ ← θ.
///
/// Each episode starts with e = 0.
///
/// Options in `method_options`: `lambda`, from 0 (one step) to 1 (whole episodes), 0.8 by default.
///
/// Deviations from the papers: a network replaces the table; the configured optimiser and clipping of the gradient's
/// norm replace the plain step. There is no target network.
struct ExpectedSARSA: TrainingMethod {
    let name = "expected-sarsa"
    let summary = "Expected SARSA with eligibility traces (van Seijen 2009)"
    let allowsSeveralWorkers = true
    let usesTarget = false
    let usesReplay = false
    let isActorCritic = false
    let extensionOwner: String? = "org.example.plugin"
    let metrics = ["absolute_error", "trace_norm"]

    func applyDefaults(to configuration: inout TrainingConfiguration, for environment: EnvironmentSpecification) {
        configuration.methodOptions = ["lambda": .number(0.8)]
        configuration.network = "mlp:32"
        configuration.optimizer = .adam()
        // The gradients of traces differ by orders of magnitude. If two workers shared Adam's moments, the first moment
        // of one could meet the second of the other, and the next step would be far too large.
        configuration.sharesStatistics = false
        configuration.learningRate = 1e-3
        configuration.learningRateFinal = 0
        configuration.epsilonAssignment = .fixed
        configuration.epsilonFraction = 0.5
        configuration.epsilonFinal = 0.05
        configuration.scheduleSteps = 20_000
    }

    func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
        if configuration.doubleDQN {
            throw refusal("The method '\(name)' takes no maximum, so 'double' does not apply; leave it out.")
        }
        _ = try lambda(configuration)
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner {
        try ExpectedSARSALearner(context, lambda: Float(lambda(context.configuration)))
    }

    /// Returns the decay of the trace.
    private func lambda(_ configuration: TrainingConfiguration) throws(TrainingError) -> Double {
        if let unknown = configuration.methodOptions.keys.filter({ $0 != "lambda" }).min() {
            throw refusal("Unknown option '\(unknown)' of the method '\(name)'; the only option is 'lambda'.")
        }
        guard let value = configuration.methodOptions["lambda"]?.doubleValue, (0...1).contains(value) else {
            throw refusal("The method '\(name)' needs 'lambda' in method_options, a number from 0 to 1.")
        }
        return value
    }

    private func refusal(_ message: String) -> TrainingError {
        TrainingError(code: .invalidConfiguration, message: message)
    }
}
