internal import DQNModel
internal import DQNNetwork

extension TrainingConfiguration {
    /// Checks the constants of the optimiser in force. A new run must have them; an older run keeps those it started
    /// with.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the constant and the rule.
    package func validateConstants() throws(TrainingError) {
        var scratch = self
        let names = ConfigurationKey.ofOptimizer[optimizer.kind, default: []].union(["optimizer_epsilon"])
        for key in ConfigurationKey.all where names.contains(key.name) { try scratch.set(key.name, to: key.read(self)) }
        guard optimizer.kind == .adam else { return }
        // Else the first moment outlives the second, and after a large gradient and some small ones a step can be of any
        // size; see `OptimizerConfiguration.adamMeanLimit`.
        let (beta1, beta2) = (optimizer.beta1, optimizer.beta2)
        guard beta1 * beta1 < beta2 else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "Adam's steps have no bound with adam_beta1 \(beta1) and adam_beta2 \(beta2); set adam_beta2 "
                    + "above the square of adam_beta1, which is \(beta1 * beta1).")
        }
    }
}
