internal import DQNSupport

/// An error of this package.
///
/// Each module has its own error type, an alias such as `CheckpointError`, and its own codes. Handle errors by their
/// ``code``: the texts are for people and may change between releases.
public struct DQNError<Domain: Sendable>: Error, Sendable, CustomStringConvertible {
    /// A kind of failure. Later versions may add codes.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence that names the problem and how to solve it. It may repeat text of a file as it is; print
    /// ``description`` instead.
    public let message: String
    /// The number of the rule of `docs/format.md` that a file breaks; otherwise `nil`.
    public let rule: Int?
    /// Context of several lines, such as a traceback, a process's last output or the data that would be lost. Often empty.
    public let details: [String]
    /// The error that caused this one, if any.
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

    /// The ``message``, after the number of the broken rule, if any, as one line that is safe to print: characters that a
    /// terminal obeys or hides are escaped, and a text of more than 2,000 characters lacks its middle.
    public var description: String { PrintableText.line(rule.map { "[R\($0)] \(message)" } ?? message) }
}
