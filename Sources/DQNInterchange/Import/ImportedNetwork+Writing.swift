internal import DQNModel

extension NetworkArchitecture {
    /// Whether networks compute the same from the same parameters, in the same order.
    ///
    /// - Parameter isEqual: Whether two numbers that scale the input are the same.
    func isEquivalent(
        to other: NetworkArchitecture, scales isEqual: (Float, Float) -> Bool = { $0 == $1 }
    ) -> Bool {
        func numbers(_ values: [Float], _ standard: Float) -> [Float] {
            let values = values.isEmpty ? [standard] : values
            return values.allSatisfy { $0 == values[0] } ? [values[0]] : values
        }
        func areEqual(_ first: [Float], _ second: [Float]) -> Bool {
            guard first.count == second.count || first.count == 1 || second.count == 1 else { return false }
            return (0..<max(first.count, second.count)).allSatisfy {
                isEqual(first[first.count == 1 ? 0 : $0], second[second.count == 1 ? 0 : $0])
            }
        }
        func standard(_ input: ObservationSpace) -> Float { input.element == .uint8 ? 1 / 255 : 1 }
        func parts(_ streams: [Stream]) -> [[Layer]] { streams.map { $0.hidden.map(\.layer) } }
        return input == other.input && areEqual(numbers(inputOffset, 0), numbers(other.inputOffset, 0))
            && areEqual(numbers(inputScale, standard(input)), numbers(other.inputScale, standard(other.input)))
            && Array(trunk) == Array(other.trunk) && parts(streams) == parts(other.streams)
            && streams.map(\.outputs) == other.streams.map(\.outputs) && outputCount == other.outputCount
            && actionCount == other.actionCount
    }
}

extension ImportedNetwork {
    /// Returns the same network as another architecture describes it, or `nil` if that computes something else.
    ///
    /// What scales the input may differ by the rounding of a program that multiplies before it adds. Nothing is assumed then,
    /// so that there are no notes.
    func written(as other: NetworkArchitecture) -> ImportedNetwork? {
        var own = architecture
        var parameters = parameters
        if case .actorCritic(let actions, nil) = other.head, case .actorCritic(actions, let streams?) = own.head,
            streams.policy.isEmpty, streams.value.isEmpty, let layout = try? ParameterLayout(own)
        {
            // One layer has the weights of both streams, then their biases.
            own.head = other.head
            let parts = layout.entries.suffix(4).map { parameters[$0.range] }
            parameters.removeLast(parts.reduce(0) { $0 + $1.count })
            for place in [0, 2, 1, 3] { parameters += parts[place] }
        }
        let isEquivalent = own.isEquivalent(to: other) { abs($0 - $1) <= 1e-5 * max(abs($0), abs($1)) }
        guard isEquivalent else { return nil }
        return ImportedNetwork(architecture: other, parameters: parameters, rows: rows, notes: [])
    }
}
