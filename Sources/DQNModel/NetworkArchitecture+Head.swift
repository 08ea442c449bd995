extension NetworkArchitecture {
    /// What the last layers give, and for which purpose.
    public enum Head: Sendable, Equatable, Codable {
        /// One Q-value per action: one linear layer.
        case actionValues(actions: Int)

        /// Q-values from a state's value and the actions' advantages (Wang 2016, section 3).
        ///
        /// The last dense hidden layer is replaced by two of the same width, one a stream, both reading what came
        /// before it. The value stream ends in one linear output V, the advantage stream in one per action, A; and
        /// Q = V + A − mean(A) (equation 9). Without a dense hidden layer both streams are linear in the flattened
        /// features. The paper's rescaling by 1/√2 of the gradient that enters the shared layers is left out.
        case dueling(actions: Int)

        /// A policy and a state's value from one linear layer on shared hidden layers (Mnih 2016, section 4): rows
        /// `0..<actions` are the logits of the policy's softmax, row `actions` is the value.
        case actorCritic(actions: Int)

        /// The number of actions.
        public var actionCount: Int {
            switch self {
            case .actionValues(let actions), .dueling(let actions), .actorCritic(let actions): actions
            }
        }

        /// The numbers that the network gives for one observation: a Q-value per action, or for an actor-critic a
        /// logit per action and the state's value.
        public var outputCount: Int {
            if case .actorCritic(let actions) = self { return actions + 1 }
            return actionCount
        }
    }

    /// The number of actions.
    public var actionCount: Int { head.actionCount }

    /// The numbers that the network gives for one observation; see ``Head/outputCount``.
    public var outputCount: Int { head.outputCount }

    /// The hidden layers that the whole head reads: all of them, without the last dense one under a dueling head.
    public var trunk: ArraySlice<Layer> { streamUnits == nil ? layers[...] : layers.dropLast() }

    /// The units of the hidden layer in each stream of a dueling head, or `nil` where there is none.
    public var streamUnits: Int? {
        guard case .dueling = head, case .dense(let units)? = layers.last else { return nil }
        return units
    }
}
