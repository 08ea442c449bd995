/// A parsed description of hidden layers; ``NetworkArchitecture/init(_:input:actions:)`` has the grammar.
struct NetworkDescription {
    /// The hidden layers that the whole head shares.
    private(set) var layers: [NetworkArchitecture.Layer] = []

    private typealias Layer = NetworkArchitecture.Layer
    private let text: String
    /// The hidden layers of both streams of the head (`+head:…`).
    private var streamLayers: (first: [Layer], second: [Layer])?
    private var activation = NetworkArchitecture.Activation.relu
    private var isNormalized = false

    init(_ text: String) throws(ModelError) {
        self.text = text
        var parts = text.split(separator: "+", omittingEmptySubsequences: false)
        let body = parts.removeFirst()
        var streamUnits: Substring?
        var seen: Set<String> = []
        for part in parts {
            let kind: String
            if part == "norm" {
                isNormalized = true
                kind = "norm"
            } else if part.hasPrefix("head:") {
                streamUnits = part.dropFirst(5)
                kind = "head"
            } else if let activation = NetworkArchitecture.Activation(rawValue: String(part)) {
                self.activation = activation
                kind = "activation"
            } else {
                let names = NetworkArchitecture.Activation.allCases.map(\.rawValue).joined(separator: ", ")
                throw invalid("unknown suffix '+\(part)'; use norm, head:512 or an activation (\(names))")
            }
            guard seen.insert(kind).inserted else { throw invalid("it has more than one suffix for the \(kind)") }
        }
        layers = try hiddenLayers(body)
        if let streamUnits { streamLayers = try streams(streamUnits) }
    }

    /// Returns a head with the streams of the description.
    ///
    /// The streams of a normalised dueling network without `+head:…` are what splitting its last dense layer means: each
    /// gets a copy of that layer and of its normalisation, which leave the shared layers.
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) if the description has streams and the head has none or its own.
    func complete(
        _ head: NetworkArchitecture.Head, splitting layers: inout [NetworkArchitecture.Layer]
    ) throws(ModelError) -> NetworkArchitecture.Head {
        switch (head, streamLayers) {
        case (.dueling(let actions, nil), let streamLayers?):
            return .dueling(
                actions: actions, streams: .init(value: streamLayers.first, advantage: streamLayers.second))
        case (.actorCritic(let actions, nil), let streamLayers?):
            return .actorCritic(
                actions: actions, streams: .init(policy: streamLayers.first, value: streamLayers.second))
        case (_, .some):
            throw invalid("'+head:' needs a dueling network or an actor-critic without streams of its own")
        case (.dueling(let actions, nil), nil):
            let last = Array(layers.suffix(2))
            guard isNormalized, last.count == 2, case .dense = last[0].kind, last[1].kind == .layerNorm else {
                return head
            }
            layers.removeLast(2)
            return .dueling(actions: actions, streams: .init(value: last, advantage: last))
        case (_, nil): return head
        }
    }

    private func hiddenLayers(_ body: Substring) throws(ModelError) -> [Layer] {
        switch body {
        case "nature-cnn": return try hiddenLayers("conv:32k8s4,64k4s2,64k3s1/fc512")
        case "nips-cnn": return try hiddenLayers("conv:16k8s4,32k4s2/fc256")
        case "small-cnn": return try hiddenLayers("conv:16k3s1,32k3s1/fc128")
        case "none": return []
        default: break
        }
        if body.hasPrefix("mlp:") { return try dense(body.dropFirst(4)) }
        guard body.hasPrefix("conv:") else {
            throw invalid("use mlp:64,64, nature-cnn, nips-cnn, small-cnn, conv:16k3s1/fc128 or none")
        }
        let parts = body.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw invalid("it contains more than one '/'") }
        var layers: [Layer] = []
        for item in parts[0].split(separator: ",", omittingEmptySubsequences: false) { layers += try image(item) }
        if parts.count == 2 {
            guard parts[1].hasPrefix("fc") else {
                throw invalid("dense layers after '/' must start with fc, as in fc128")
            }
            layers += try dense(parts[1].dropFirst(2))
        }
        return layers
    }

    /// The layers of a convolution or a pooling.
    private func image(_ item: Substring) throws(ModelError) -> [Layer] {
        var scanner = Scanner(rest: item)
        let pooling = ["max", "avg"].first { item.hasPrefix($0) }
        let outputs = pooling == nil ? scanner.number() : nil
        let sizes = scanner.sizes(pooling ?? "k")
        guard let sizes, scanner.rest.isEmpty, pooling != nil || outputs != nil else {
            throw invalid(
                "write a convolution as 16k3s1, 16k3s1p1 or 16k3x5s1 and a pooling as max2s2 or avg2s2, not '\(item)'")
        }
        let (kernel, stride, padding) = sizes
        guard let outputs else {
            return [
                pooling == "max"
                    ? .maxPooling(kernel: kernel, stride: stride, padding: padding)
                    : .averagePooling(kernel: kernel, stride: stride, padding: padding)
            ]
        }
        return hidden(.convolution(.init(outputs: outputs, kernel: kernel, stride: stride, padding: padding)))
    }

    /// The hidden layers of both streams: one list for both, or two lists, which may be empty, with a slash between them.
    private func streams(_ text: Substring) throws(ModelError) -> (first: [Layer], second: [Layer]) {
        let lists = text.split(separator: "/", omittingEmptySubsequences: false)
        guard lists.count <= 2 else { throw invalid("'+head:\(text)' contains more than one '/'") }
        guard lists.count == 2 else {
            let layers = try dense(text)
            return (layers, layers)
        }
        return (
            lists[0].isEmpty ? [] : try dense(lists[0]), lists[1].isEmpty ? [] : try dense(lists[1])
        )
    }

    private func dense(_ list: Substring) throws(ModelError) -> [Layer] {
        var layers: [Layer] = []
        for item in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let units = Int(item), units > 0 else {
                throw invalid("'\(item)' must be a positive number of units")
            }
            layers += hidden(.dense(units: units))
        }
        return layers
    }

    private func hidden(_ kind: Layer.Kind) -> [Layer] {
        isNormalized
            ? [Layer(kind, activation: .identity), Layer(.layerNorm, activation: activation)]
            : [Layer(kind, activation: activation)]
    }

    private func invalid(_ why: String) -> ModelError { .invalid("Invalid network '\(text)': \(why).") }

    /// Reads the numbers of a convolution or a pooling.
    private struct Scanner {
        var rest: Substring

        /// A number without leading zeros.
        mutating func number() -> Int? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), String(number) == digits else { return nil }
            rest = rest.dropFirst(digits.count)
            return number
        }

        /// A prefix, a kernel, `s`, a stride and, if there is a `p`, a padding.
        mutating func sizes(
            _ prefix: String
        ) -> (NetworkArchitecture.Extent, NetworkArchitecture.Extent, NetworkArchitecture.Extent)? {
            guard let kernel = extent(prefix), let stride = extent("s") else { return nil }
            guard rest.hasPrefix("p") else { return (kernel, stride, .init(0)) }
            guard let padding = extent("p") else { return nil }
            return (kernel, stride, padding)
        }

        /// A prefix, then one size or rows and columns with an `x` between them.
        private mutating func extent(_ prefix: String) -> NetworkArchitecture.Extent? {
            guard rest.hasPrefix(prefix) else { return nil }
            rest = rest.dropFirst(prefix.count)
            guard let rows = number() else { return nil }
            guard rest.hasPrefix("x") else { return .init(rows) }
            rest = rest.dropFirst()
            guard let columns = number() else { return nil }
            return .init(rows: rows, columns: columns)
        }
    }
}
