import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork

/// Expected SARSA (van Seijen 2009) with eligibility traces (Sutton and Barto 2018, section 12.9), by any number of
/// workers on shared parameters: `method` `expected-sarsa`.
///
/// Algorithm, after each step of a worker: the error is that of the mean over the next action,
///
///     δ = r + γ (1 − terminated) Σ π(a′|s′) Q(s′, a′; θ′) − Q(s, a; θ′),   π ε-greedy,
///
/// the trace remembers what has led here, e ← γ λ e + ∇Q(s, a; θ′), and the gradient −δ e is applied to θ; θ′ ← θ. A new
/// episode begins with e = 0.
///
/// Options in `method_options`: `lambda` from 0 (one step) to 1 (whole episodes), 0.8 by default.
///
/// Deviations from the papers: a network in place of a table, and the configured optimiser and clipping of the
/// gradient's norm in place of a plain step; no target network.
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
        // Gradients of traces differ by orders of magnitude. Where two workers meet in Adam's averages, one's square can
        // stand beside the other's mean, and the next step is as much too large.
        configuration.sharesStatistics = false
        configuration.learningRate = 1e-3
        configuration.learningRateFinal = 0
        configuration.epsilonAssignment = .fixed
        configuration.epsilonFraction = 0.5
        configuration.epsilonFinal = 0.05
        configuration.scheduleSteps = 20_000
        configuration.evaluationInterval = 2_000
        configuration.logInterval = 500
    }

    func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
        if configuration.doubleDQN {
            throw refusal("The method '\(name)' takes no maximum, which double is about; leave it out.")
        }
        _ = try lambda(configuration)
    }

    func makeLearner(_ context: LearnerContext) throws -> any Learner {
        try ExpectedSARSALearner(context, lambda: Float(lambda(context.configuration)))
    }

    /// The decay of the trace.
    private func lambda(_ configuration: TrainingConfiguration) throws(TrainingError) -> Double {
        if let unknown = configuration.methodOptions.keys.filter({ $0 != "lambda" }).min() {
            throw refusal("The method '\(name)' has no option '\(unknown)'; method_options may have 'lambda'.")
        }
        guard let value = configuration.methodOptions["lambda"]?.doubleValue, (0...1).contains(value) else {
            throw refusal("The method '\(name)' needs a number from 0 to 1 as 'lambda' in method_options.")
        }
        return value
    }

    private func refusal(_ message: String) -> TrainingError {
        TrainingError(code: .invalidConfiguration, message: message)
    }
}
