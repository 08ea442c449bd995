internal import DQNModel

/// What the name of a tensor says: the layer that it belongs to, and which part of the layer it is.
struct TensorName {
    /// A part of a layer.
    enum Part: Equatable {
        /// Weights with the outputs on the first axis, as PyTorch stores them.
        case weight
        /// Weights with the outputs on the last axis, as Keras and Flax store them.
        case kernel
        /// Weights of a name that tells no order, such as `W1`.
        case matrix
        case bias
        /// The spread or the noise of a noisy layer, and what counts batches: not needed to act.
        case ignored
        /// `weight_orig`, `weight_u` and `weight_v` of a spectral normalisation.
        case spectral(String)
        /// `weight_g` and `weight_v` of a weight normalisation.
        case magnitude, direction
        /// `running_mean` and `running_var` of a batch normalisation.
        case mean, variance
        /// Any other tensor.
        case other(String)
    }

    /// The components of the layer's name.
    var path: [String]
    let part: Part
    /// Whether the tensor is a mean of a noisy layer.
    var isNoisy = false

    private static let weights: [String: Part] = [
        "weight": .weight, "weights": .weight, "kernel": .kernel, "w": .matrix,
    ]
    private static let biases: Set<String> = ["bias", "biases", "b"]

    /// - Parameter name: The keys that lead to the tensor, joined by dots.
    init(_ name: String) {
        var path = name.split(whereSeparator: { $0 == "." || $0 == "/" || $0 == "|" }).map(String.init)
        path.removeAll { $0 == "~" }
        var last = path.popLast() ?? ""
        if last.hasSuffix(":0") { last.removeLast(2) }
        let text = last.lowercased()
        // PyTorch's parametrizations: X.parametrizations.weight.original0.
        if let place = path.lastIndex(of: "parametrizations"), place + 1 < path.count, path[place + 1] == "weight" {
            let rest = path[(place + 2)...] + [last]
            self.init(Array(path[..<place]), Self.parametrized[rest.joined(separator: ".")] ?? .other(last))
        } else if ["mu", "sigma"].contains(path.last ?? ""), text == "weight" || text == "bias" {
            let isMean = path.removeLast() == "mu"
            self.init(path, isMean ? (text == "bias" ? .bias : .weight) : .ignored, isNoisy: isMean)
        } else if let part = Self.exact[text] {
            self.init(path, part)
        } else if let isBias = Self.noisyMeans[text] {
            self.init(path, isBias ? .bias : .weight, isNoisy: true)
        } else if text.contains("sigma") || text.contains("epsilon")
            || Self.words(text).contains(where: { $0 == "eps" || $0 == "noise" })
        {
            self.init(path, .ignored)
        } else {
            let (layer, part) = Self.split(last)
            self.init(layer.isEmpty ? path : path + [layer], part)
        }
    }

    private init(_ path: [String], _ part: Part, isNoisy: Bool = false) {
        self.path = path
        self.part = part
        self.isNoisy = isNoisy
    }

    /// Names without the layer's own.
    private static let exact: [String: Part] = [
        "weight": .weight, "bias": .bias, "kernel": .kernel, "embedding": .kernel, "weight_g": .magnitude,
        "weight_v": .direction,
        "weight_orig": .spectral("original"), "weight_u": .spectral("left"), "running_mean": .mean,
        "running_var": .variance, "num_batches_tracked": .ignored,
    ]
    private static let parametrized: [String: Part] = [
        "original0": .magnitude, "original1": .direction, "original": .spectral("original"),
        "0._u": .spectral("left"), "0._v": .spectral("right"),
    ]
    /// The names of means of noisy layers, and whether they are biases.
    private static let noisyMeans: [String: Bool] = [
        "weight_mu": false, "mu_weight": false, "w_mu": false, "mu_w": false, "weights_mu": false, "bias_mu": true,
        "mu_bias": true, "b_mu": true, "mu_b": true,
    ]

    /// Splits names such as `fc1_weight`, `W1`, `layer1_weights`, `b_out` or `kernel_0`: the word for the part comes last
    /// or first, and the rest is the layer.
    private static func split(_ name: String) -> (layer: String, part: Part) {
        let text = name.lowercased()
        // A name of recurrent or attention layers, or one of several weights of a layer.
        if ["_ih", "_hh", "in_proj"].contains(where: { text.contains($0) }) { return ("", .other(name)) }
        let words = Self.words(text)
        func part(_ word: String?) -> Part? {
            guard let word else { return nil }
            return biases.contains(word) ? .bias : weights[word]
        }
        if let word = words.last, let found = part(word) {
            return (String(name.dropLast(word.count)).trimmingSeparators, found)
        }
        if words.count > 1, let word = words.first, let found = part(word) {
            // Names without a layer's own do not say that outputs come first.
            return (String(name.dropFirst(word.count)).trimmingSeparators, found == .weight ? .matrix : found)
        }
        return ("", .other(name))
    }

    /// The words and numbers of a name: `layer1_weights` has `layer`, `1` and `weights`.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        for character in text {
            if character == "_" || character == "-" || character == " " {
                words.append("")
            } else if let last = words.last, let end = last.last, end.isNumber == character.isNumber {
                words[words.count - 1].append(character)
            } else if words.last == "" {
                words[words.count - 1].append(character)
            } else {
                words.append(String(character))
            }
        }
        return words.filter { !$0.isEmpty }
    }
}

extension String {
    fileprivate var trimmingSeparators: String {
        let isSeparator = { (character: Character) in character == "_" || character == "-" || character == " " }
        return String(String(drop(while: isSeparator).reversed()).drop(while: isSeparator).reversed())
    }
}
