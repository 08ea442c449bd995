extension NetworkArchitecture {
    /// The output layers and what their outputs mean.
    public enum Head: Sendable, Equatable {
        /// One linear layer with a Q-value per action.
        case actionValues(actions: Int)

        /// Q-values computed from the state's value and the actions' advantages (Wang 2016, section 3).
        ///
        /// The value stream ends in one linear output V and the advantage stream in one output A per action;
        /// Q = V + A − mean(A) (equation 9). Without `streams`, two layers of the same width, one per stream, replace the
        /// last dense hidden layer; both read the output of the layer before it. If the last hidden layer is not dense,
        /// both streams are linear in its flattened outputs. Unlike the paper, the gradient that enters the shared
        /// layers is not rescaled by 1/√2.
        case dueling(actions: Int, streams: DuelingStreams? = nil)

        /// A policy and a state value (Mnih 2016, section 4). Rows `0..<actions` of the output are the logits of the
        /// policy's softmax; row `actions` is the value. Without `streams`, one linear layer computes both.
        case actorCritic(actions: Int, streams: ActorCriticStreams? = nil)

        /// One linear layer with the quantiles of each action's return (Dabney 2018), row-major by action. An action's
        /// Q-value is the mean of its quantiles.
        case quantiles(actions: Int, quantiles: Int)

        /// The number of actions.
        package var actionCount: Int {
            switch self {
            case .actionValues(let actions), .dueling(let actions, _), .actorCritic(let actions, _),
                .quantiles(let actions, _):
                actions
            }
        }

        /// The number of outputs per observation: a Q-value per action, for an actor-critic a logit per action and the
        /// state's value, or for quantiles all quantiles of all actions.
        ///
        /// - Precondition: the sizes have been checked; see ``NetworkArchitecture/layerShapes()``.
        package var outputCount: Int {
            switch self {
            case .actionValues(let actions), .dueling(let actions, _): actions
            case .actorCritic(let actions, _): actions + 1
            case .quantiles(let actions, let quantiles): actions * quantiles
            }
        }
    }

    /// The hidden layers of a dueling network's streams: dense layers and layer normalisations, from the flattened
    /// output of the shared layers.
    public struct DuelingStreams: Sendable, Equatable {
        /// The layers before the value's linear output.
        public var value: [Layer]
        /// The layers before the advantages' linear outputs.
        public var advantage: [Layer]

        /// Creates the streams.
        public init(value: [Layer], advantage: [Layer]) {
            self.value = value
            self.advantage = advantage
        }
    }

    /// The hidden layers of an actor-critic's streams: dense layers and layer normalisations, from the flattened output
    /// of the shared layers.
    public struct ActorCriticStreams: Sendable, Equatable {
        /// The layers before the policy's linear outputs.
        public var policy: [Layer]
        /// The layers before the value's linear output.
        public var value: [Layer]

        /// Creates the streams.
        public init(policy: [Layer], value: [Layer]) {
            self.policy = policy
            self.value = value
        }
    }

    /// The number of actions.
    public var actionCount: Int { head.actionCount }

    /// The number of outputs per observation; see `Head.outputCount`.
    public var outputCount: Int { head.outputCount }
}
