package import DQNModel

extension NetworkArchitecture {
    /// The settings that define this network, for a checkpoint whose own settings do not; `nil` if no description does.
    package var settings: [String: JSONValue]? {
        var settings: [String: JSONValue] = [
            "dueling": .bool(false), "quantiles": .integer(0),
            "input_offset": .null, "input_scale": .null,
        ]
        if inputOffset.count == 1 { settings["input_offset"] = .number(Double(inputOffset[0])) }
        if inputScale.count == 1 { settings["input_scale"] = .number(Double(inputScale[0])) }
        let plainHead: Head
        var streams: (first: [Layer], second: [Layer])?
        switch head {
        case .actionValues: plainHead = head
        case .dueling(let actions, let given):
            plainHead = .dueling(actions: actions)
            streams = given.map { ($0.value, $0.advantage) }
            settings["dueling"] = .bool(true)
        case .actorCritic(let actions, let given):
            plainHead = .actorCritic(actions: actions)
            streams = given.map { ($0.policy, $0.value) }
        case .quantiles(_, let quantiles):
            plainHead = head
            settings["quantiles"] = .integer(Int64(quantiles))
        }
        // Splitting the last dense layer into streams may leave no shared layers.
        let (split, shared) = (
            Self.description(layers + (streams?.first ?? []), nil), Self.description(layers, streams)
        )
        let text = (layers.isEmpty ? [split, shared] : [shared, split]).first { text in
            let described = try? NetworkArchitecture(
                text, input: input, inputOffset: inputOffset, inputScale: inputScale, head: plainHead)
            return described == self
        }
        guard let text else { return nil }
        settings["network"] = .string(text)
        return settings
    }

    /// The network in a few words, such as `4 float32 → fc64, fc64 → 2 actions`.
    var outline: String {
        let shape = input.shape.map(String.init).joined(separator: "×")
        let layers = layers.isEmpty ? "" : layers.map(\.text).joined(separator: ", ") + " → "
        let kind =
            switch head {
            case .actionValues: ""
            case .dueling: ", dueling"
            case .actorCritic: ", actor-critic"
            case .quantiles(_, let quantiles): ", \(quantiles) quantiles each"
            }
        let others = [inputOffset.isEmpty ? nil : "an input offset", inputScale.isEmpty ? nil : "an input scale"]
            .compactMap(\.self).map { ", \($0)" }.joined()
        return "\(shape) \(input.element.rawValue) → \(layers)\(actionCount) actions\(kind)\(others)"
    }

    /// Describes hidden layers as the configuration key `network` does.
    private static func description(_ layers: [Layer], _ streams: (first: [Layer], second: [Layer])?) -> String {
        var (images, units): ([String], [String]) = ([], [])
        for layer in layers {
            switch layer.kind {
            case .convolution(let sizes):
                images.append("\(sizes.outputs)" + text("k", sizes.kernel, sizes.stride, sizes.padding))
            case .maxPooling(let sizes): images.append(text("max", sizes.kernel, sizes.stride, sizes.padding))
            case .averagePooling(let sizes): images.append(text("avg", sizes.kernel, sizes.stride, sizes.padding))
            case .dense(let count): units.append("\(count)")
            case .layerNorm: break
            }
        }
        let dense = units.joined(separator: ",")
        var result =
            images.isEmpty
            ? units.isEmpty ? "none" : "mlp:\(dense)"
            : "conv:\(images.joined(separator: ","))" + (units.isEmpty ? "" : "/fc\(dense)")
        let all = layers + (streams.map { $0.first + $0.second } ?? [])
        if all.contains(where: { $0.kind == .layerNorm }) { result += "+norm" }
        let activation = all.map(\.activation).first { $0 != .identity } ?? .identity
        if activation != .relu { result += "+\(activation.rawValue)" }
        if let streams {
            let (first, second) = (widths(of: streams.first), widths(of: streams.second))
            result += "+head:" + (first == second && !first.isEmpty ? first : "\(first)/\(second)")
        }
        return result
    }

    private static func widths(of layers: [Layer]) -> String {
        layers.compactMap { layer in if case .dense(let count) = layer.kind { "\(count)" } else { nil } }
            .joined(separator: ",")
    }

    private static func text(_ prefix: String, _ kernel: Extent, _ stride: Extent, _ padding: Extent) -> String {
        func size(_ extent: Extent) -> String {
            extent.rows == extent.columns ? "\(extent.rows)" : "\(extent.rows)x\(extent.columns)"
        }
        return "\(prefix)\(size(kernel))s\(size(stride))" + (padding == Extent(0) ? "" : "p\(size(padding))")
    }
}
