internal import DQNModel

/// What a layer of a Keras model gives.
indirect enum KerasValue {
    case stream(KerasStream)
    /// A sum of outputs of dense layers, as dueling networks compute it.
    case terms([KerasTerm])
    /// The means of each action's quantiles, which are the outputs of a stream.
    case quantiles(KerasStream, count: Int)
    /// The result of code that is never run, with why it cannot be followed and what it takes.
    case opaque(String, [KerasValue])

    /// The streams that the value is computed from.
    var streams: [KerasStream] {
        switch self {
        case .stream(let stream): [stream]
        case .terms(let terms): terms.map(\.stream)
        case .quantiles(let stream, _): [stream]
        case .opaque(_, let values): values.flatMap(\.streams)
        }
    }

    /// Returns the outputs of a network that masks actions with another input, or `nil` if that is something else: a
    /// product with the observation, which is no mask, or with fewer numbers than there are outputs.
    func masked(by mask: KerasStream) -> KerasValue? {
        let inputs = streams
        guard mask.isInput, mask.inputAffine.isIdentity, !inputs.isEmpty,
            inputs.allSatisfy({ !$0.isInput && $0.input != mask.input })
        else { return nil }
        switch self {
        case .stream(var stream):
            guard stream.count == mask.count else { return nil }
            stream.mask = mask.input
            return .stream(stream)
        case .terms(let terms):
            guard inputs.map(\.count).max() == mask.count else { return nil }
            return .terms(
                terms.map { term in
                    var stream = term.stream
                    stream.mask = mask.input
                    return KerasTerm(stream: stream, isMean: term.isMean, sign: term.sign)
                })
        case .quantiles: return nil
        case .opaque: return (inputs.map(\.count).max() ?? 0) >= mask.count ? self : nil
        }
    }
}

/// What a layer takes.
enum KerasOperand {
    case value(KerasValue)
    case number(Double)
}

/// A summand: the outputs of a stream, or their mean.
struct KerasTerm {
    let stream: KerasStream
    var isMean = false
    var sign = 1
}
