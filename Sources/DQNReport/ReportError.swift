/// Why a curve could not be read or drawn.
///
/// Switch over ``code``; the text is for people and may change between releases.
public struct ReportError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// There is no point to draw.
        public static let empty = Code(rawValue: "empty")
        /// A column of x values and one of y values differ in length.
        public static let lengthMismatch = Code(rawValue: "lengthMismatch")
        /// The runs of one series have no x in common, so that there is no mean.
        public static let noCommonRange = Code(rawValue: "noCommonRange")
        /// The metric that was asked for is not recorded.
        public static let unknownMetric = Code(rawValue: "unknownMetric")
        /// The wall clock was asked of something that does not keep it.
        public static let noClock = Code(rawValue: "noClock")
        /// One run was given twice and would count as two.
        public static let sameRunTwice = Code(rawValue: "sameRunTwice")
        /// A table of metrics cannot be read.
        public static let malformedTable = Code(rawValue: "malformedTable")
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
