/// Why a training run could not be set up, resumed or carried on.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// A configuration key, value, preset or combination is not allowed.
        public static let invalidConfiguration = Code(rawValue: "invalidConfiguration")
        /// The output directory holds a run already, or cannot be made or written.
        public static let outputDirectory = Code(rawValue: "outputDirectory")
        /// A file that was named does not exist.
        public static let missingFile = Code(rawValue: "missingFile")
        /// There is nothing to resume.
        public static let nothingToResume = Code(rawValue: "nothingToResume")
        /// The checkpoint cannot be resumed with this configuration or program.
        public static let cannotResume = Code(rawValue: "cannotResume")
        /// The run failed on the way: the environment threw, the computation gave NaN, a save failed.
        public static let runFailed = Code(rawValue: "runFailed")
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: the thing, the rule and the remedy.
    public let message: String
    /// What caused it, where that was an error of another layer.
    public let underlying: (any Error)?

    /// Creates an error.
    public init(code: Code, message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    /// The sentence of ``message``.
    public var description: String { message }
}
