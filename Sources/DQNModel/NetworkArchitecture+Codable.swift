// `docs/format.md` defines the JSON of an architecture: flat objects with a `type`. The compiler would nest enumerations.

extension NetworkArchitecture.Layer {
    private enum Key: String, CodingKey { case type, outputs, kernel, stride, units }

    /// Decodes `{"type":"convolution","outputs":…,"kernel":…,"stride":…}` or `{"type":"dense","units":…}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        switch try container.decode(String.self, forKey: .type) {
        case "convolution":
            self = .convolution(
                outputs: try container.decode(Int.self, forKey: .outputs),
                kernel: try container.decode(Int.self, forKey: .kernel),
                stride: try container.decode(Int.self, forKey: .stride))
        case "dense": self = .dense(units: try container.decode(Int.self, forKey: .units))
        case let type:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "unknown layer type '\(type)'")
        }
    }

    /// Encodes the form that ``init(from:)`` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .convolution(let outputs, let kernel, let stride):
            try container.encode("convolution", forKey: .type)
            try container.encode(outputs, forKey: .outputs)
            try container.encode(kernel, forKey: .kernel)
            try container.encode(stride, forKey: .stride)
        case .dense(let units):
            try container.encode("dense", forKey: .type)
            try container.encode(units, forKey: .units)
        }
    }
}

extension NetworkArchitecture.Head {
    private enum Key: String, CodingKey { case type, actions }

    /// Decodes `{"type":"action_values","actions":…}`; the type may also be `dueling` or `actor_critic`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let type = try container.decode(String.self, forKey: .type)
        let make: (Int) -> Self
        switch type {
        case "action_values": make = Self.actionValues
        case "dueling": make = Self.dueling
        case "actor_critic": make = Self.actorCritic
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "unknown head type '\(type)'")
        }
        self = make(try container.decode(Int.self, forKey: .actions))
    }

    /// Encodes the form that ``init(from:)`` decodes.
    public func encode(to encoder: any Encoder) throws {
        let type =
            switch self {
            case .actionValues: "action_values"
            case .dueling: "dueling"
            case .actorCritic: "actor_critic"
            }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(type, forKey: .type)
        try container.encode(actionCount, forKey: .actions)
    }
}
