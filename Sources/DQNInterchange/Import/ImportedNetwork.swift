package import DQNModel

/// A network that was found in a foreign file, as this library computes it.
package struct ImportedNetwork: Sendable {
    /// A line of the table that is shown to the user.
    package struct Row: Sendable, Equatable {
        /// The layer's name here, such as `layers/0`.
        package let layer: String
        /// The extents of its weight.
        package let shape: [Int]
        /// Its activation.
        package let activation: String
        /// Its name in the file.
        package let source: String
    }

    /// The layers and the head.
    package let architecture: NetworkArchitecture
    /// The parameters in the order of `ParameterLayout`.
    package let parameters: [Float]
    /// A row for each layer.
    package let rows: [Row]
    /// What was assumed, one sentence each.
    package internal(set) var notes: [String]
}

/// What is known of a network besides its tensors.
struct NetworkFacts {
    /// The most parameters of any imported network.
    static let mostParameters = 1 << 28
    /// The most parameters for the size of the file: layers may share one tensor, so that a short file can describe a large
    /// network.
    var parameterLimit = 0
    /// The activation of hidden layers, if the file says.
    var activation: NetworkArchitecture.Activation?
    /// The shape of the observations, if the file says.
    var input: [Int]?
    /// The steps of the convolutions, if the file says.
    var strides: [Int]?
    /// The activation of the layers that extract features from images, if it is not that of the others.
    var extractorActivation: NetworkArchitecture.Activation?
    /// Whether observations are pixels, if the file says; otherwise those of convolutions are.
    var isImage: Bool?
    /// Whether pixels are divided by 255.
    var scalesPixels = true
    /// How observations are scaled, if the file says.
    var scaling = InputScaling()
    /// The number of quantiles for each action, 1 for a network of Q-values.
    var quantiles = 1
    /// What the user should know about the file, one sentence each.
    var notes: [String] = []
    /// Hidden layers that have no activation, whatever the others have.
    var layersWithoutActivation: Set<String> = []
    /// Whether the layer behind the convolutions takes images with their channels last, as Keras flattens them.
    var areChannelsLast = false
    /// Whether the layers are in the order of their names, because the file keeps no other.
    var isOrderedByName = false
    /// Whether the outputs have the quantiles outermost, as Stable-Baselines3 computes them.
    var areQuantilesOutermost = false
}
