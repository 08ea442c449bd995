internal import DQNNetwork

/// A gradient's norm and what it is multiplied by so that the norm stays within the configured bound.
struct ClippedGradient {
    let norm: Double
    let scale: Float

    /// Measures a gradient before it is applied.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) when it or the loss is no number: the parameters stay as they were.
    init(
        _ gradients: ParameterSlab, loss: Double, _ configuration: TrainingConfiguration, _ store: any ParameterStore
    ) throws {
        norm = GradientNorm.of(gradients)
        guard loss.isFinite, norm.isFinite else {
            throw TrainingError(
                code: .runFailed,
                message: "The loss is no longer a number at update \(store.updateCount + 1); lower learning_rate or "
                    + "max_gradient_norm.")
        }
        let maximum = configuration.maximumGradientNorm
        scale = maximum > 0 ? GradientNorm.clipScale(norm, maximum: maximum) : 1
    }
}
