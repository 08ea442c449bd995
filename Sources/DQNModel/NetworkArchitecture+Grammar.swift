extension NetworkArchitecture {
    /// Creates a network with one Q-value per action from its description.
    ///
    /// | description | network |
    /// |---|---|
    /// | `mlp:64,64` | dense layers with these numbers of units |
    /// | `nature-cnn` | conv 32 8×8 stride 4, 64 4×4 stride 2, 64 3×3 stride 1, dense 512 (Mnih 2015) |
    /// | `nips-cnn` | conv 16 8×8 stride 4, 32 4×4 stride 2, dense 256 (Mnih 2013, 2016) |
    /// | `small-cnn` | conv 16 3×3, 32 3×3, dense 128, for board games |
    /// | `conv:16k3s1,32k3s1/fc128` | convolutions (outputs, kernel, stride), then dense layers `fc128,64` |
    /// | `none` | no hidden layers, except those of `+head:…` |
    ///
    /// A convolution may have padding (`16k3s1p1`); sizes may differ along rows and columns (`16k3x5s1`). The list may
    /// contain poolings, `max2s2` and `avg2s2`. Suffixes change the whole network:
    ///
    /// | suffix | effect |
    /// |---|---|
    /// | `+tanh` | another activation of all hidden layers: any case of ``Activation`` |
    /// | `+norm` | a layer normalisation between each hidden layer and its activation |
    /// | `+head:512` | hidden layers with these units in each stream of a dueling or actor-critic head |
    /// | `+head:64,64/32` | the same in the stream of the value (policy), and in that of the advantages (value) |
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) when the description is invalid, and the errors of
    ///   ``init(input:inputOffset:inputScale:layers:head:)``.
    public init(_ text: String, input: ObservationSpace, actions: Int) throws(ModelError) {
        try self.init(text, input: input, head: .actionValues(actions: actions))
    }

    /// Creates a network from a head and the description of its hidden layers; see ``init(_:input:actions:)``.
    public init(
        _ text: String, input: ObservationSpace, inputOffset: [Float] = [], inputScale: [Float] = [], head: Head
    ) throws(ModelError) {
        let description = try NetworkDescription(text)
        var layers = description.layers
        let head = try description.complete(head, splitting: &layers)
        try self.init(
            input: input, inputOffset: inputOffset, inputScale: inputScale, layers: layers, head: head)
    }

    /// Parses the description of hidden layers, without those of the head's streams; see ``init(_:input:actions:)``.
    package static func layers(_ text: String) throws(ModelError) -> [Layer] { try NetworkDescription(text).layers }
}
