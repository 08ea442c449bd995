/// The constants of proportional prioritization (Schaul 2016, section 3.3): a transition is sampled with probability
/// (|δ| + ε)^α over the sum of all, δ being its temporal-difference error when it was last sampled.
public struct PrioritizedReplayConfiguration: Sendable, Equatable {
    /// α, from 0 (every transition equally likely) to 1 (in proportion to the error).
    public var exponent: Double
    /// ε, above 0 and at most 1: keeps a transition whose error is zero from never being seen again.
    public var epsilon: Double

    /// Creates a configuration; the defaults are α = 0.6 (the paper's table 3) and ε = 10⁻⁶.
    public init(exponent: Double = 0.6, epsilon: Double = 1e-6) {
        self.exponent = exponent
        self.epsilon = epsilon
    }
}
