/// Why an episode could not be recorded.
///
/// Switch over ``code``; the text is for people and may change between releases.
public struct RecordingError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The file's name ends in none of the known suffixes.
        public static let unknownFormat = Code(rawValue: "unknownFormat")
        /// There is something of that name already.
        public static let exists = Code(rawValue: "exists")
        /// The file cannot be made or written.
        public static let inputOutput = Code(rawValue: "inputOutput")
        /// The environment gives no picture.
        public static let noPicture = Code(rawValue: "noPicture")
        /// The format needs ffmpeg, which is not to be found.
        public static let ffmpegMissing = Code(rawValue: "ffmpegMissing")
        /// ffmpeg has failed.
        public static let ffmpegFailed = Code(rawValue: "ffmpegFailed")
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
