// `docs/format.md` defines the JSON of an architecture: flat objects with a `type`. The compiler would nest enumerations.
// A key is written only if its value differs from what a document without it means.

extension NetworkArchitecture: Codable {
    private enum Key: String, CodingKey {
        case input, layers, head
        case inputOffset = "input_offset"
        case inputScale = "input_scale"
    }

    /// Decodes the document of an architecture, without checking that the layers fit; see `layerShapes()`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func floats(_ key: Key) throws -> [Float] {
            guard let values = try container.decodeIfPresent([Double].self, forKey: key) else { return [] }
            guard !values.isEmpty else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container,
                    debugDescription: "'\(key.rawValue)' is empty; leave it out or give it one value or one per element"
                )
            }
            return values.map(Float.init)
        }
        input = try container.decode(ObservationSpace.self, forKey: .input)
        inputOffset = try floats(.inputOffset)
        inputScale = try floats(.inputScale)
        layers = try Self.layers(container, .layers)
        head = try container.decode(Head.self, forKey: .head)
    }

    /// Decodes a list of layers. Their number is checked first: a document may list more than memory can hold.
    fileprivate static func layers<Key: CodingKey>(
        _ container: KeyedDecodingContainer<Key>, _ key: Key
    ) throws -> [Layer] {
        if let count = try container.nestedUnkeyedContainer(forKey: key).count, count > Limit.layers {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container,
                debugDescription: "'\(key.stringValue)' has \(count) layers; at most \(Limit.layers) are allowed")
        }
        return try container.decode([Layer].self, forKey: key)
    }

    /// Encodes the form that ``init(from:)`` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(input, forKey: .input)
        // A binary64 number holds a binary32 number exactly.
        for (key, values) in [(Key.inputOffset, inputOffset), (.inputScale, inputScale)] where !values.isEmpty {
            try container.encode(values.map(Double.init), forKey: key)
        }
        try container.encode(layers, forKey: .layers)
        try container.encode(head, forKey: .head)
    }
}

extension NetworkArchitecture.Layer: Codable {
    private enum Key: String, CodingKey { case type, outputs, kernel, stride, padding, units, activation }

    /// Decodes `{"type":"convolution","outputs":…,"kernel":…,"stride":…}`, `{"type":"dense","units":…}`,
    /// `{"type":"layer_norm"}`, `{"type":"max_pooling","kernel":…,"stride":…}` or `average_pooling`; `padding` and
    /// `activation` are optional.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func extent(_ key: Key) throws -> NetworkArchitecture.Extent {
            try container.decode(StoredExtent.self, forKey: key).value
        }
        func padding() throws -> NetworkArchitecture.Extent {
            try container.decodeIfPresent(StoredExtent.self, forKey: .padding)?.value ?? NetworkArchitecture.Extent(0)
        }
        func pooling() throws -> NetworkArchitecture.Pooling {
            NetworkArchitecture.Pooling(
                kernel: try extent(.kernel), stride: try extent(.stride), padding: try padding())
        }
        let kind: Kind
        switch try container.decode(String.self, forKey: .type) {
        case "convolution":
            kind = .convolution(
                NetworkArchitecture.Convolution(
                    outputs: try container.decode(Int.self, forKey: .outputs), kernel: try extent(.kernel),
                    stride: try extent(.stride), padding: try padding()))
        case "dense": kind = .dense(units: try container.decode(Int.self, forKey: .units))
        case "layer_norm": kind = .layerNorm
        case "max_pooling": kind = .maxPooling(try pooling())
        case "average_pooling": kind = .averagePooling(try pooling())
        case let type:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "unknown layer type '\(type)'")
        }
        self.init(kind, activation: .identity)
        guard let name = try container.decodeIfPresent(String.self, forKey: .activation) else {
            activation = defaultActivation
            return
        }
        guard let activation = NetworkArchitecture.Activation(rawValue: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .activation, in: container, debugDescription: "unknown activation '\(name)'")
        }
        self.activation = activation
    }

    /// Encodes the form that ``init(from:)`` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        func encode(
            _ kernel: NetworkArchitecture.Extent, _ stride: NetworkArchitecture.Extent,
            _ padding: NetworkArchitecture.Extent
        ) throws {
            try container.encode(StoredExtent(value: kernel), forKey: .kernel)
            try container.encode(StoredExtent(value: stride), forKey: .stride)
            if padding != .init(0) { try container.encode(StoredExtent(value: padding), forKey: .padding) }
        }
        switch kind {
        case .convolution(let sizes):
            try container.encode("convolution", forKey: .type)
            try container.encode(sizes.outputs, forKey: .outputs)
            try encode(sizes.kernel, sizes.stride, sizes.padding)
        case .dense(let units):
            try container.encode("dense", forKey: .type)
            try container.encode(units, forKey: .units)
        case .layerNorm: try container.encode("layer_norm", forKey: .type)
        case .maxPooling(let sizes):
            try container.encode("max_pooling", forKey: .type)
            try encode(sizes.kernel, sizes.stride, sizes.padding)
        case .averagePooling(let sizes):
            try container.encode("average_pooling", forKey: .type)
            try encode(sizes.kernel, sizes.stride, sizes.padding)
        }
        if activation != defaultActivation { try container.encode(activation.rawValue, forKey: .activation) }
    }
}

extension NetworkArchitecture.Head: Codable {
    private enum Key: String, CodingKey {
        case type, actions, quantiles
        case valueLayers = "value_layers"
        case advantageLayers = "advantage_layers"
        case policyLayers = "policy_layers"
    }

    /// Decodes `{"type":"action_values","actions":…}`; the type may also be `dueling`, `actor_critic` or `quantiles`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let type = try container.decode(String.self, forKey: .type)
        let actions = try container.decode(Int.self, forKey: .actions)
        /// The layers of both streams, if the document has either.
        func streams(_ first: Key, _ second: Key) throws -> ([NetworkArchitecture.Layer], [NetworkArchitecture.Layer])?
        {
            func layers(_ key: Key) throws -> [NetworkArchitecture.Layer]? {
                let isThere = try container.contains(key) && !container.decodeNil(forKey: key)
                return isThere ? try NetworkArchitecture.layers(container, key) : nil
            }
            let layers = (try layers(first), try layers(second))
            if layers.0 == nil, layers.1 == nil { return nil }
            guard let left = layers.0, let right = layers.1 else {
                throw DecodingError.dataCorruptedError(
                    forKey: layers.0 == nil ? first : second, in: container,
                    debugDescription: "'\(first.rawValue)' and '\(second.rawValue)' come together")
            }
            return (left, right)
        }
        switch type {
        case "action_values": self = .actionValues(actions: actions)
        case "dueling":
            let streams = try streams(.valueLayers, .advantageLayers)
            self = .dueling(actions: actions, streams: streams.map { .init(value: $0, advantage: $1) })
        case "actor_critic":
            let streams = try streams(.policyLayers, .valueLayers)
            self = .actorCritic(actions: actions, streams: streams.map { .init(policy: $0, value: $1) })
        case "quantiles":
            self = .quantiles(actions: actions, quantiles: try container.decode(Int.self, forKey: .quantiles))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "unknown head type '\(type)'")
        }
    }

    /// Encodes the form that ``init(from:)`` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(actionCount, forKey: .actions)
        switch self {
        case .actionValues: try container.encode("action_values", forKey: .type)
        case .dueling(_, let streams):
            try container.encode("dueling", forKey: .type)
            try container.encodeIfPresent(streams?.value, forKey: .valueLayers)
            try container.encodeIfPresent(streams?.advantage, forKey: .advantageLayers)
        case .actorCritic(_, let streams):
            try container.encode("actor_critic", forKey: .type)
            try container.encodeIfPresent(streams?.policy, forKey: .policyLayers)
            try container.encodeIfPresent(streams?.value, forKey: .valueLayers)
        case .quantiles(_, let quantiles):
            try container.encode("quantiles", forKey: .type)
            try container.encode(quantiles, forKey: .quantiles)
        }
    }
}

/// An extent as documents hold it: one number if it is equal along both axes, otherwise rows and columns.
private struct StoredExtent: Codable {
    let value: NetworkArchitecture.Extent

    init(value: NetworkArchitecture.Extent) { self.value = value }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let size = try? container.decode(Int.self) {
            value = NetworkArchitecture.Extent(size)
            return
        }
        let sizes = try container.decode([Int].self)
        guard sizes.count == 2 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(sizes.count) sizes where one or rows and columns are needed")
        }
        value = NetworkArchitecture.Extent(rows: sizes[0], columns: sizes[1])
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if value.rows == value.columns {
            try container.encode(value.rows)
        } else {
            try container.encode([value.rows, value.columns])
        }
    }
}
