/// Why a computation could not be set up or run.
public struct NetworkError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The compute library refused an operation.
        public static let computeLibrary = Code(rawValue: "computeLibrary")
        /// A stored state does not fit the component that should be restored from it.
        public static let invalidState = Code(rawValue: "invalidState")
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: the thing, the rule and the remedy.
    public let message: String

    /// Creates an error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence of ``message``.
    public var description: String { message }
}
