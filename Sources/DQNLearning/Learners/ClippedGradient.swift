internal import DQNModel
public import DQNNetwork

/// A gradient's norm and what it is multiplied by so that the norm stays within `max_gradient_norm`.
public struct ClippedGradient {
    /// The Euclidean norm before clipping.
    public let norm: Double
    /// What ``ParameterStore/push(_:learningRate:scale:statistics:)`` multiplies the gradient by.
    public let scale: Float

    /// Measures a gradient before it is applied; O(parameters).
    ///
    /// - Parameters:
    ///   - loss: what the gradient is of.
    ///   - store: where it will be applied.
    /// - Throws: ``TrainingError`` (`runFailed`) when it or the loss is no number: the parameters stay as they were.
    public init(
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
