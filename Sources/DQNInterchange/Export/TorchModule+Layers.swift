internal import DQNModel

extension TorchModule {
    /// The statements that create the layers, under the names of the safetensors file.
    var modules: [String] {
        var lines = ["self.layers = nn.ModuleList(["]
        var shape = network.input.shape
        for (index, layer) in network.trunk.enumerated() {
            lines.append("    \(creation(layer, "layers/\(index)", &shape)),")
        }
        lines.append("])")
        if network.trunk.isEmpty { lines = [] }
        for stream in network.streams {
            let parts = stream.outputName.split(separator: "/").map(String.init)
            guard parts.count == 2 else {
                lines.append("self.head = \(linear("head"))")
                continue
            }
            lines.append("self.\(parts[0]) = nn.ModuleDict({")
            var features = shape
            if let only = stream.hidden.first, only.name.hasSuffix("/hidden") {
                lines.append("    \"hidden\": \(creation(only.layer, only.name, &features)),")
            } else if !stream.hidden.isEmpty {
                lines.append("    \"layers\": nn.ModuleList([")
                for item in stream.hidden { lines.append("        \(creation(item.layer, item.name, &features)),") }
                lines.append("    ]),")
            }
            lines += ["    \"output\": \(linear(stream.outputName)),", "})"]
        }
        return lines
    }

    private func linear(_ name: String) -> String {
        let shape = policy.layout["\(name)/weight"]?.shape ?? [0, 0]
        return "nn.Linear(\(shape[1]), \(shape[0]))"
    }

    /// - Parameter shape: The shape of the layer's input; afterwards that of its output.
    private func creation(_ layer: NetworkArchitecture.Layer, _ name: String, _ shape: inout [Int]) -> String {
        let input = shape
        shape = (try? layer.outputShape(for: input, name: name)) ?? input
        switch layer.kind {
        case .dense: return linear(name)
        case .layerNorm: return "nn.LayerNorm(\(input), eps=\(NetworkArchitecture.layerNormEpsilon))"
        case .convolution(let sizes):
            let windows = Self.windows(sizes.kernel, sizes.stride, sizes.padding)
            return "nn.Conv2d(\(input[0]), \(sizes.outputs), \(windows))"
        case .maxPooling(let sizes):
            return "nn.MaxPool2d(\(Self.windows(sizes.kernel, sizes.stride, sizes.padding)))"
        case .averagePooling(let sizes):
            return "nn.AvgPool2d(\(Self.windows(sizes.kernel, sizes.stride, sizes.padding)))"
        }
    }

    private static func windows(
        _ kernel: NetworkArchitecture.Extent, _ stride: NetworkArchitecture.Extent,
        _ padding: NetworkArchitecture.Extent
    ) -> String {
        func text(_ extent: NetworkArchitecture.Extent) -> String {
            extent.rows == extent.columns ? "\(extent.rows)" : "(\(extent.rows), \(extent.columns))"
        }
        return "\(text(kernel)), stride=\(text(stride))"
            + (padding == .init(0) ? "" : ", padding=\(text(padding))")
    }

    /// The statements of `forward` after the scaling.
    var computation: [String] {
        var lines: [String] = []
        var isFlat = network.input.shape.count == 1
        for (index, layer) in network.trunk.enumerated() {
            lines += application(of: layer, "self.layers[\(index)]", "x", &isFlat)
        }
        for stream in network.streams {
            let parts = stream.outputName.split(separator: "/").map(String.init)
            guard parts.count == 2 else {
                if !isFlat { lines.append("x = x.flatten(1)") }
                lines.append("x = self.head(x)")
                continue
            }
            var isStreamFlat = isFlat
            lines.append("\(parts[0]) = x")
            for (index, item) in stream.hidden.enumerated() {
                let module =
                    item.name.hasSuffix("/hidden")
                    ? "self.\(parts[0])[\"hidden\"]" : "self.\(parts[0])[\"layers\"][\(index)]"
                lines += application(of: item.layer, module, parts[0], &isStreamFlat)
            }
            if !isStreamFlat { lines.append("\(parts[0]) = \(parts[0]).flatten(1)") }
            lines.append("\(parts[0]) = self.\(parts[0])[\"output\"](\(parts[0]))")
        }
        switch network.head {
        case .actionValues: lines.append("return x")
        case .dueling: lines.append("return value + advantage - advantage.mean(dim=1, keepdim=True)")
        case .actorCritic(_, nil): lines.append("return x[:, :-1], x[:, -1]")
        case .actorCritic: lines.append("return policy, value[:, 0]")
        case .quantiles(let actions, let quantiles): lines.append("return x.reshape(-1, \(actions), \(quantiles))")
        }
        return lines
    }

    private func application(
        of layer: NetworkArchitecture.Layer, _ module: String, _ variable: String, _ isFlat: inout Bool
    ) -> [String] {
        var lines: [String] = []
        if case .dense = layer.kind, !isFlat {
            lines.append("\(variable) = \(variable).flatten(1)")
            isFlat = true
        }
        let value = "\(module)(\(variable))"
        let function =
            switch layer.activation {
            case .relu: "functional.relu(\(value))"
            case .tanh: "torch.tanh(\(value))"
            case .sigmoid: "torch.sigmoid(\(value))"
            case .elu: "functional.elu(\(value))"
            case .silu: "functional.silu(\(value))"
            case .gelu: "functional.gelu(\(value))"
            case .identity: value
            }
        return lines + ["\(variable) = \(function)"]
    }
}
