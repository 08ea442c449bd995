internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel

extension Checkpoint {
    /// Returns the checkpoint with an input that is not scaled, if each element has an offset or a scale of its own, which no
    /// setting of a run describes; otherwise `nil`. The layers that take the observation have them in their parameters,
    /// so that the network computes the same.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if the first layer is not dense.
    func foldingInputScale(_ path: String) throws(TrainingError) -> Checkpoint? {
        guard architecture.inputOffset.count > 1 || architecture.inputScale.count > 1 else { return nil }
        let names: [String]
        let kinds: [NetworkArchitecture.Layer?]
        if let first = architecture.trunk.first {
            (names, kinds) = (["layers/0"], [first])
        } else {
            names = architecture.streams.map { $0.hidden.first?.name ?? $0.outputName }
            kinds = architecture.streams.map { $0.hidden.first?.layer }
        }
        let areDense = kinds.allSatisfy { layer in
            guard let layer else { return true }
            if case .dense = layer.kind { return true }
            return false
        }
        guard areDense else {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "The network of '\(path)' scales each element of its observations and begins with a layer that is "
                    + "not dense, which no setting describes; a run cannot start from it, but dqn-play plays it.")
        }
        do {
            var result = self
            let layout = try ParameterLayout(architecture)
            for name in names {
                guard let weight = layout["\(name)/weight"], let bias = layout["\(name)/bias"] else { continue }
                architecture.foldInputScale(into: &result.online, weight, bias)
                if var target = result.target {
                    architecture.foldInputScale(into: &target, weight, bias)
                    result.target = target
                }
            }
            result.architecture = try NetworkArchitecture(
                input: architecture.input, inputScale: architecture.input.element == .uint8 ? [1] : [],
                layers: architecture.layers, head: architecture.head)
            // Its moments are those of other parameters.
            result.optimizer = nil
            return result
        } catch { throw TrainingError(wrapping: error) }
    }
}

extension NetworkArchitecture {
    fileprivate func foldInputScale(
        into parameters: inout [Float], _ weight: ParameterLayout.Entry, _ bias: ParameterLayout.Entry
    ) {
        func value(_ values: [Float], _ index: Int, _ standard: Double) -> Double {
            values.isEmpty ? standard : Double(values.count == 1 ? values[0] : values[index])
        }
        let inputs = weight.count / bias.count
        for row in 0..<bias.count {
            var constant = Double(parameters[bias.offset + row])
            for column in 0..<inputs {
                let place = weight.offset + row * inputs + column
                let scaled =
                    Double(parameters[place]) * value(inputScale, column, input.element == .uint8 ? 1.0 / 255 : 1)
                constant -= scaled * value(inputOffset, column, 0)
                parameters[place] = Float(scaled)
            }
            parameters[bias.offset + row] = Float(constant)
        }
    }
}
