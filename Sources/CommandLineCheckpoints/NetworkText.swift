import DQNModel

/// The lines of `show` that describe a network.
enum NetworkText {
    /// Returns names and values.
    static func lines(_ architecture: NetworkArchitecture) throws -> [(name: String, value: String)] {
        let shapes = try architecture.layerShapes().map { $0.map(String.init).joined(separator: "×") }
        let input = architecture.input
        let head =
            switch architecture.head {
            case .actionValues: ""
            case .dueling: " (dueling)"
            case .actorCritic: " (actor-critic)"
            case .quantiles(_, let quantiles): " (\(quantiles) quantiles of each action)"
            }
        var lines = [
            (
                name: "network",
                value: "\(input.shape.map(String.init).joined(separator: "×")) \(input.element.rawValue) → "
                    + shapes.joined(separator: " → ") + head
            )
        ]
        for (name, values) in [("input offset", architecture.inputOffset), ("input scale", architecture.inputScale)]
        where !values.isEmpty {
            lines.append((name, values.count == 1 ? "\(values[0])" : "\(values.count) values"))
        }
        if !architecture.layers.isEmpty {
            lines.append(("layers", architecture.layers.map(\.text).joined(separator: ", ")))
        }
        for stream in architecture.streams where stream.outputName != "head" {
            let layers = stream.hidden.map(\.layer.text).joined(separator: ", ")
            lines.append(
                (String(stream.outputName.prefix { $0 != "/" }) + " stream", layers.isEmpty ? "linear" : layers))
        }
        return lines
    }
}
