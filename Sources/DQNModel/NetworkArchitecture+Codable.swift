// The JSON of an architecture, as `docs/format.md` defines it: flat objects with a `type`, not the nesting that the
// compiler would choose for enumerations.

extension NetworkArchitecture.Layer {
    private enum Key: String, CodingKey { case type, outputs, kernel, stride, units }

    /// Reads `{"type":"convolution","outputs":…,"kernel":…,"stride":…}` or `{"type":"dense","units":…}`.
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
                forKey: .type, in: container, debugDescription: "'\(type)' is no type of layer")
        }
    }

    /// Writes what ``init(from:)`` reads.
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

    /// Reads `{"type":"action_values","actions":…}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let type = try container.decode(String.self, forKey: .type)
        guard type == "action_values" else {
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "'\(type)' is no type of head")
        }
        self = .actionValues(actions: try container.decode(Int.self, forKey: .actions))
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .actionValues(let actions):
            try container.encode("action_values", forKey: .type)
            try container.encode(actions, forKey: .actions)
        }
    }
}
