internal import DQNModel

/// A training method of this library, as far as its files are concerned.
///
/// The rules of meaning judge only files whose configuration names one of these: what another method stores means what
/// its own program says. The names, and what each method stores, are part of `docs/format.md`.
package enum BuiltInMethod: String, CaseIterable, Sendable {
    case dqn = "dqn"
    case asynchronousDQN = "async-dqn"
    case asynchronousQ = "async-q"
    case asynchronousSARSA = "async-sarsa"
    case asynchronousNStepQ = "async-nstep-q"
    case advantageActorCritic = "a3c"
    case parallelQ = "pqn"

    /// Whether each environment of a worker has a replay; the other methods learn from segments.
    package var usesReplay: Bool { self == .dqn || self == .asynchronousDQN }

    /// Whether the open segment of one environment ends with the episode.
    var endsSegmentWithEpisode: Bool { !usesReplay && self != .parallelQ }

    /// The random streams that every running worker has.
    package var streams: [String] {
        switch self {
        case .dqn, .asynchronousDQN: ["exploration", "sampling"]
        case .asynchronousQ, .asynchronousSARSA, .asynchronousNStepQ, .advantageActorCritic: ["exploration"]
        case .parallelQ: ["exploration", "shuffling"]
        }
    }

    /// Returns the method that a configuration names; `nil` for another program's.
    init?(of configuration: JSONValue) {
        guard let name = configuration["method"]?.stringValue else { return nil }
        self.init(rawValue: name)
    }
}

extension JSONValue {
    /// Returns an integer of a configuration, which may be written like `1e6`.
    ///
    /// - Parameter standard: The value that a missing key means.
    /// - Returns: `nil` if the value is not an integer of the range; the trainer refuses such a configuration.
    func count(_ key: String, _ range: ClosedRange<Int>, standard: Int) -> Int? {
        guard let value = self[key], value != .null else { return standard }
        guard let number = value.integerValue ?? value.doubleValue.flatMap({ Int(exactly: $0) }),
            range.contains(number)
        else { return nil }
        return number
    }
}
