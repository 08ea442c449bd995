package import DQNModel

/// Computes a network in binary64 with plain loops, to check imported parameters without a compute library.
package struct ReferenceNetwork: Sendable {
    private let architecture: NetworkArchitecture
    private let parameters: [String: [Double]]

    /// Creates a computation.
    ///
    /// - Parameter parameters: In the order of `ParameterLayout`.
    /// - Throws: `ModelError` (`shapeMismatch`) if their number is wrong.
    package init(_ architecture: NetworkArchitecture, _ parameters: [Float]) throws(ModelError) {
        let layout = try ParameterLayout(architecture)
        guard parameters.count == layout.count else {
            throw ModelError(
                code: .shapeMismatch, message: "\(parameters.count) parameters for a network of \(layout.count).")
        }
        self.architecture = architecture
        self.parameters = Dictionary(
            uniqueKeysWithValues: layout.entries.map { ($0.name, parameters[$0.range].map(Double.init)) })
    }

    /// Returns the Q-value of each action for an observation, or an actor-critic's logits and value.
    ///
    /// - Precondition: the observation has the elements of the network's input.
    package func values(_ observation: [Float]) -> [Double] {
        precondition(observation.count == architecture.input.count, "an observation must have the input's elements")
        var shape = architecture.input.shape
        var features = scaled(observation)
        for (index, layer) in architecture.trunk.enumerated() {
            (features, shape) = output(layer, "layers/\(index)", features, shape)
        }
        let outputs = architecture.streams.map { stream in
            var hidden = (features, shape)
            for item in stream.hidden { hidden = output(item.layer, item.name, hidden.0, hidden.1) }
            return dense(stream.outputName, hidden.0)
        }
        switch architecture.head {
        case .actionValues, .actorCritic: return outputs.flatMap { $0 }
        case .dueling(let actions, _):
            let mean = outputs[1].reduce(0, +) / Double(actions)
            return outputs[1].map { outputs[0][0] + $0 - mean }
        case .quantiles(let actions, let quantiles):
            return (0..<actions).map {
                outputs[0][($0 * quantiles)..<(($0 + 1) * quantiles)].reduce(0, +) / Double(quantiles)
            }
        }
    }

    private func scaled(_ observation: [Float]) -> [Double] {
        func value(_ values: [Float], _ index: Int, _ standard: Double) -> Double {
            values.isEmpty ? standard : Double(values.count == 1 ? values[0] : values[index])
        }
        let scale = architecture.input.element == .uint8 ? 1.0 / 255 : 1
        return observation.enumerated().map { index, element in
            (Double(element) - value(architecture.inputOffset, index, 0)) * value(architecture.inputScale, index, scale)
        }
    }

    private func output(
        _ layer: NetworkArchitecture.Layer, _ name: String, _ input: [Double], _ shape: [Int]
    ) -> ([Double], [Int]) {
        let result: ([Double], [Int])
        switch layer.kind {
        case .dense(let units): result = (dense(name, input), [units])
        case .layerNorm: result = (normalized(name, input), shape)
        case .convolution(let sizes): result = convolution(name, sizes, input, shape)
        case .maxPooling(let sizes): result = pooling(sizes, input, shape, isMaximum: true)
        case .averagePooling(let sizes): result = pooling(sizes, input, shape, isMaximum: false)
        }
        return (result.0.map(layer.activation.value), result.1)
    }

    private func dense(_ name: String, _ input: [Double]) -> [Double] {
        let weight = parameters["\(name)/weight"] ?? []
        return (parameters["\(name)/bias"] ?? []).enumerated().map { row, bias in
            input.indices.reduce(bias) { $0 + weight[row * input.count + $1] * input[$1] }
        }
    }

    private func normalized(_ name: String, _ input: [Double]) -> [Double] {
        let mean = input.reduce(0, +) / Double(input.count)
        let variance = input.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(input.count)
        let scale = 1 / (variance + NetworkArchitecture.layerNormEpsilon).squareRoot()
        let weight = parameters["\(name)/weight"] ?? []
        let bias = parameters["\(name)/bias"] ?? []
        return input.indices.map { (input[$0] - mean) * scale * weight[$0] + bias[$0] }
    }

    private func convolution(
        _ name: String, _ sizes: NetworkArchitecture.Convolution, _ input: [Double], _ shape: [Int]
    ) -> ([Double], [Int]) {
        let weight = parameters["\(name)/weight"] ?? []
        let window = Window(shape, sizes.kernel, sizes.stride, sizes.padding)
        var output: [Double] = []
        for (channel, bias) in (parameters["\(name)/bias"] ?? []).enumerated() {
            window.forEachPosition { row, column in
                var sum = bias
                for source in 0..<shape[0] {
                    let base = (channel * shape[0] + source) * sizes.kernel.rows * sizes.kernel.columns
                    window.forEachElement(row, column) { kernelIndex, place in
                        sum += weight[base + kernelIndex] * input[source * shape[1] * shape[2] + place]
                    }
                }
                output.append(sum)
            }
        }
        return (output, [sizes.outputs, window.rows, window.columns])
    }

    private func pooling(
        _ sizes: NetworkArchitecture.Pooling, _ input: [Double], _ shape: [Int], isMaximum: Bool
    ) -> ([Double], [Int]) {
        let window = Window(shape, sizes.kernel, sizes.stride, sizes.padding)
        var output: [Double] = []
        for channel in 0..<shape[0] {
            window.forEachPosition { row, column in
                var sum = 0.0
                var largest = -Double.infinity
                window.forEachElement(row, column) { _, place in
                    let value = input[channel * shape[1] * shape[2] + place]
                    sum += value
                    largest = max(largest, value)
                }
                output.append(isMaximum ? largest : sum / Double(sizes.kernel.rows * sizes.kernel.columns))
            }
        }
        return (output, [shape[0], window.rows, window.columns])
    }
}
