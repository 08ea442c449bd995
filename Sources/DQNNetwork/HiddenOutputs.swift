package import DQNModel

/// What the units of one hidden layer put out for each observation of a batch, after the activation function.
package struct HiddenOutputs: Sendable, Equatable {
    /// The layer's name, the first part of the names of its parameters: `layers/0`, `value/hidden`.
    package let name: String
    /// The layer.
    package let layer: NetworkArchitecture.Layer
    /// The units of a dense layer, the channels of an image, or the elements of a normalised vector (or of a
    /// normalised image in a head's stream).
    package let units: Int
    /// The rows × columns of a channel; 1 for a dense layer.
    package let positions: Int
    /// The outputs in the order (observation, unit, position).
    package internal(set) var values: [Float]
}

extension NetworkComputation {
    /// Returns the outputs of every hidden layer in the last forward pass, from the input to the head.
    ///
    /// Copies them; passes take no longer for it when it is not called.
    ///
    /// - Returns: `nil` if the computation was not made for training, or if its backend does not support this.
    package func hiddenOutputs() -> [HiddenOutputs]? { (self as? any HiddenOutputSource)?.hiddenOutputs() }
}

/// A computation that can report the outputs of its hidden layers.
protocol HiddenOutputSource {
    func hiddenOutputs() -> [HiddenOutputs]?
}
