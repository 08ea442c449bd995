/// Why something failed: the one shape of every public error of this package.
///
/// Each module has an error type of its own, an alias such as `CheckpointError`, with codes of its own. Switch over
/// ``code``; the texts are for people and may change between releases.
public struct DQNError<Domain: Sendable>: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: the thing, the rule and the remedy.
    public let message: String
    /// The number of the rule of `docs/format.md` that a file breaks; `nil` for every other failure.
    public let rule: Int?
    /// Context that takes several lines: what would be lost, a traceback, a process's last output. Often empty.
    public let details: [String]
    /// The cause, if an error of another layer caused this one.
    public let underlying: (any Error)?

    /// Creates an error.
    public init(
        code: Code, message: String, rule: Int? = nil, details: [String] = [], underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.rule = rule
        self.details = details
        self.underlying = underlying
    }

    /// The ``message``, preceded by the number of the broken rule, if any.
    public var description: String { rule.map { "[R\($0)] \(message)" } ?? message }
}
