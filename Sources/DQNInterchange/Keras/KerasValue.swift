internal import DQNModel

/// What a layer of a Keras model gives.
indirect enum KerasValue {
    case stream(KerasStream)
    /// A sum of outputs of dense layers, as dueling networks compute it.
    case terms([KerasTerm])
    /// The result of code that is never run, with why it cannot be followed and what it takes.
    case opaque(String, [KerasValue])

    /// The streams that the value is computed from.
    var streams: [KerasStream] {
        switch self {
        case .stream(let stream): [stream]
        case .terms(let terms): terms.map(\.stream)
        case .opaque(_, let values): values.flatMap(\.streams)
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
