/// The constants of proportional prioritization (Schaul 2016, section 3.3).
///
/// A transition is sampled with a probability proportional to (|δ| + ε)^α, where δ is its temporal-difference error
/// when it was last sampled.
public struct PrioritizedReplayConfiguration: Sendable, Equatable {
    /// α, from 0 (uniform) to 1 (proportional to the error).
    package let exponent: Double
    /// ε, above 0 and at most 1: gives transitions without an error a chance of being sampled again.
    package let epsilon: Double

    /// Creates a configuration; the defaults are α = 0.6 (the paper's table 3) and ε = 10⁻⁶.
    public init(exponent: Double = 0.6, epsilon: Double = 1e-6) {
        self.exponent = exponent
        self.epsilon = epsilon
    }
}
