internal import CKernels
package import DQNModel
internal import Foundation

/// How the parameters of a new network are drawn.
///
/// In each scheme a layer normalisation starts with weights of 1 and biases of 0.
public enum Initialization: String, Sendable, Codable, CaseIterable {
    /// Weights and biases from U(−1/√fan_in, 1/√fan_in), as in DQN's reference code and PyTorch's default.
    case fanIn = "fan-in"
    /// Weights from U(−√(3/fan_in), √(3/fan_in)), whose variance is 1/fan_in (LeCun 1998); biases of 0.
    case lecun
    /// Like `lecun` with twice the variance before rectified units and the like (He 2015): ReLU, ELU, SiLU and GELU.
    case he
    /// Orthogonal rows or columns of length √2 before rectified units and the like, and of length 1 before others and
    /// in output layers (Saxe 2014); biases of 0.
    case orthogonal
}

extension ParameterSlab {
    /// Draws every parameter of a network, layer by layer.
    ///
    /// The same state of the generator gives the same parameters. `orthogonal` takes O(units² · inputs) per layer, a
    /// second for the largest layer of the Nature CNN.
    package func initialize(
        _ initialization: Initialization, of architecture: NetworkArchitecture, using generator: inout RandomGenerator
    ) {
        if initialization == .fanIn { return initialize(using: &generator) }
        let gains = architecture.gains
        for entry in layout.entries {
            switch entry.role {
            case .normalizationWeight: elements[entry.range].update(repeating: 1)
            case .normalizationBias, .bias: elements[entry.range].update(repeating: 0)
            case .weight:
                // Output layers are not among them.
                let gain = gains[String(entry.name.dropLast("/weight".count))] ?? 1
                switch initialization {
                case .fanIn, .lecun: draw(entry, gain: 1, using: &generator)
                case .he: draw(entry, gain: gain, using: &generator)
                case .orthogonal: drawOrthogonal(entry, gain: gain, using: &generator)
                }
            }
        }
    }

    /// Draws a weight from a uniform distribution of variance gain²/fan_in.
    private func draw(_ entry: ParameterLayout.Entry, gain: Double, using generator: inout RandomGenerator) {
        let bound = gain * (3 / Double(entry.fanIn)).squareRoot()
        for index in entry.range { elements[index] = Float(generator.uniform(in: -bound..<bound)) }
    }

    /// Draws the weight of a layer as gain · Q, with a random orthogonal Q: its rows, or its columns if there are fewer.
    private func drawOrthogonal(_ entry: ParameterLayout.Entry, gain: Double, using generator: inout RandomGenerator) {
        let outputs = entry.count / entry.fanIn
        let (count, length) = (min(outputs, entry.fanIn), max(outputs, entry.fanIn))
        let vectors = UnsafeMutableBufferPointer<Double>.allocate(capacity: count * length)
        defer { vectors.deallocate() }
        var index = 0
        while index < vectors.count {
            let (first, second) = generator.normalPair()
            vectors[index] = first
            if index + 1 < vectors.count { vectors[index + 1] = second }
            index += 2
        }
        kernels_orthonormalise(vectors.baseAddress, count, length)
        for vector in 0..<count {
            for element in 0..<length {
                let value = Float(gain * vectors[vector * length + element])
                let position =
                    outputs == count ? vector * entry.fanIn + element : element * entry.fanIn + vector
                elements[entry.offset + position] = value
            }
        }
    }
}

extension RandomGenerator {
    /// Returns two independent numbers with a standard normal distribution (Marsaglia 1964).
    fileprivate mutating func normalPair() -> (Double, Double) {
        while true {
            let (x, y) = (uniform(in: -1..<1), uniform(in: -1..<1))
            let square = x * x + y * y
            guard square > 0, square < 1 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            return (x * factor, y * factor)
        }
    }
}

extension NetworkArchitecture {
    /// The gain of each hidden layer by the name of its parameters: √2 before rectified units and the like.
    ///
    /// A linear layer below a layer normalisation has the gain of the activation above that.
    fileprivate var gains: [String: Double] {
        let shared = trunk.enumerated().map { (name: "layers/\($0.offset)", layer: $0.element) }
        var gains: [String: Double] = [:]
        for chain in [shared] + streams.map({ $0.hidden.map { ($0.name, $0.layer) } }) {
            for (index, item) in chain.enumerated() {
                var activation = item.layer.activation
                if activation == .identity, index + 1 < chain.count, case .layerNorm = chain[index + 1].layer.kind {
                    activation = chain[index + 1].layer.activation
                }
                gains[item.name] = activation.gain
            }
        }
        return gains
    }
}

extension NetworkArchitecture.Activation {
    /// The factor by which weights make up for what the activation takes from the variance.
    fileprivate var gain: Double {
        switch self {
        case .relu, .elu, .silu, .gelu: 2.0.squareRoot()
        case .tanh, .sigmoid, .identity: 1
        }
    }
}
