/// Why a value of this module could not be made.
///
/// Switch over ``code``; the text is for people and may change between releases.
public struct ModelError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// A network text or layer list does not describe a network that can be built.
        public static let invalidArchitecture = Code(rawValue: "invalidArchitecture")
        /// A tensor's shape and its number of elements differ.
        public static let shapeMismatch = Code(rawValue: "shapeMismatch")
        /// A snapshot misses a value, or holds one of another type or length than its owner needs.
        public static let invalidSnapshot = Code(rawValue: "invalidSnapshot")
        /// A parameter is beyond what the numbers that it is to be kept in can say.
        public static let notRepresentable = Code(rawValue: "notRepresentable")
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
