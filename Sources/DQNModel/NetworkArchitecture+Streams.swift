extension NetworkArchitecture {
    /// A layer and the prefix of its parameters' names.
    package struct NamedLayer: Sendable, Equatable {
        /// The name without `/weight` or `/bias`, such as `layers/0`.
        package let name: String
        /// The layer.
        package let layer: Layer
    }

    /// A part of the head: hidden layers from the flattened output of the trunk, then a linear layer.
    package struct Stream: Sendable, Equatable {
        /// The hidden layers, in order.
        package let hidden: [NamedLayer]
        /// The prefix of the linear layer's parameter names.
        package let outputName: String
        /// The number of outputs of the linear layer.
        package let outputs: Int
    }

    /// The hidden layers that the whole head shares: all of them, except a last dense layer that the streams of a
    /// dueling head replace.
    package var trunk: ArraySlice<Layer> { splitLayer == nil ? layers[...] : layers.dropLast() }

    /// The parts of the head in the order of their parameters: one stream without hidden layers (`head`), or for a
    /// dueling network value and advantage, or for an actor-critic with streams policy and value.
    package var streams: [Stream] {
        switch head {
        case .dueling(let actions, let streams):
            if let streams {
                return [Self.stream("value", streams.value, 1), Self.stream("advantage", streams.advantage, actions)]
            }
            return [("value", 1), ("advantage", actions)].map { name, outputs in
                Stream(
                    hidden: splitLayer.map { [NamedLayer(name: "\(name)/hidden", layer: $0)] } ?? [],
                    outputName: "\(name)/output", outputs: outputs)
            }
        case .actorCritic(let actions, let streams?):
            return [Self.stream("policy", streams.policy, actions), Self.stream("value", streams.value, 1)]
        case .actionValues, .actorCritic, .quantiles:
            return [Stream(hidden: [], outputName: "head", outputs: outputCount)]
        }
    }

    private static func stream(_ name: String, _ layers: [Layer], _ outputs: Int) -> Stream {
        Stream(
            hidden: layers.enumerated().map { NamedLayer(name: "\(name)/layers/\($0.offset)", layer: $0.element) },
            outputName: "\(name)/output", outputs: outputs)
    }

    /// The dense layer that each stream of a dueling head without explicit streams has a copy of, if any.
    private var splitLayer: Layer? {
        guard case .dueling(_, nil) = head, let last = layers.last, case .dense = last.kind else { return nil }
        return last
    }
}
