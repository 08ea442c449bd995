extension NetworkArchitecture {
    /// The output layers and what their outputs mean.
    public enum Head: Sendable, Equatable, Codable {
        /// One linear layer with a Q-value per action.
        case actionValues(actions: Int)

        /// Q-values computed from the state's value and the actions' advantages (Wang 2016, section 3).
        ///
        /// Two layers of the same width, one per stream, replace the last dense hidden layer. Both read the output of
        /// the layer before it. The value stream ends in one linear output V and the advantage stream in one output A
        /// per action; Q = V + A − mean(A) (equation 9). Without a dense hidden layer both streams are linear in the
        /// flattened features. Unlike the paper, the gradient that enters the shared layers is not rescaled by 1/√2.
        case dueling(actions: Int)

        /// A policy and a state value from one linear layer on shared hidden layers (Mnih 2016, section 4). Rows
        /// `0..<actions` are the logits of the policy's softmax; row `actions` is the value.
        case actorCritic(actions: Int)

        /// The number of actions.
        package var actionCount: Int {
            switch self {
            case .actionValues(let actions), .dueling(let actions), .actorCritic(let actions): actions
            }
        }

        /// The number of outputs per observation: a Q-value per action, or for an actor-critic a logit per action and
        /// the state's value.
        package var outputCount: Int {
            if case .actorCritic(let actions) = self { return actions + 1 }
            return actionCount
        }
    }

    /// The number of actions.
    public var actionCount: Int { head.actionCount }

    /// The number of outputs per observation; see ``Head/outputCount``.
    public var outputCount: Int { head.outputCount }

    /// The hidden layers that the whole head shares: all of them, except the last dense layer of a dueling network.
    package var trunk: ArraySlice<Layer> { streamUnits == nil ? layers[...] : layers.dropLast() }

    /// The number of units of the hidden layer in each stream of a dueling head, or `nil` if there is no such layer.
    package var streamUnits: Int? {
        guard case .dueling = head, case .dense(let units)? = layers.last else { return nil }
        return units
    }
}
