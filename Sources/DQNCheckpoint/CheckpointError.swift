/// Why a checkpoint could not be written, read or found.
///
/// Switch over ``code``; the text is for people and may change between releases.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// There is no such file, directory, or checkpoint in a directory.
        public static let missing = Code(rawValue: "missing")
        /// The file breaks a rule of the format: it is damaged, or no checkpoint.
        public static let malformed = Code(rawValue: "malformed")
        /// The file is of a format version that this library does not know.
        public static let unsupportedVersion = Code(rawValue: "unsupportedVersion")
        /// The file holds an extension that must be understood and is not.
        public static let unknownExtension = Code(rawValue: "unknownExtension")
        /// The state cannot be stored: a parameter that is no number, a vector of the wrong length.
        public static let invalidState = Code(rawValue: "invalidState")
        /// The file or directory exists already and may not be replaced.
        public static let exists = Code(rawValue: "exists")
        /// The format version that was asked for cannot hold all of the state; ``CheckpointError/details`` lists what.
        public static let lossy = Code(rawValue: "lossy")
        /// A file that was to be repaired is whole.
        public static let nothingToRepair = Code(rawValue: "nothingToRepair")
        /// Somebody else saves into the directory.
        public static let locked = Code(rawValue: "locked")
        /// A thread that is not the chief's asked for a save.
        public static let notChief = Code(rawValue: "notChief")
        /// The system refused to write, sync, rename or read.
        public static let inputOutput = Code(rawValue: "inputOutput")
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: the thing, the rule and the remedy.
    public let message: String
    /// The number of the rule of `docs/format.md` that the file breaks, where it is one.
    public let rule: Int?
    /// The parts that it is about, where there may be several: for `lossy` what would be lost, a path and a few words
    /// each.
    public let details: [String]
    /// What caused it, where that was an error of another layer.
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

    /// The sentence, with the rule's number in front of it.
    public var description: String { rule.map { "[R\($0)] \(message)" } ?? message }

    static func unsupported(_ version: String, _ path: String, known: [String]) -> CheckpointError {
        CheckpointError(
            code: .unsupportedVersion,
            message: "'\(path)' has format version \(version); this program knows "
                + "\(known.joined(separator: ", ")). Update swift-dqn to read it.",
            rule: Rule.version.rawValue)
    }

    static func broken(_ rule: Rule, _ message: String, _ underlying: (any Error)? = nil) -> CheckpointError {
        CheckpointError(code: .malformed, message: message, rule: rule.rawValue, underlying: underlying)
    }
}

/// The conformance rules of `docs/format.md`, by number.
enum Rule: Int {
    case isHDF5 = 1
    case rootAttributes = 2
    case version = 3
    case manifestDigest = 4
    case manifestContent = 5
    case objects = 6
    case completeness = 7
    case types = 8
    case digests = 9
    case documents = 10
    case parameters = 11
    case optimizer = 12
    case history = 13
    case workers = 14
    case replay = 15
    case extensions = 16
    case learner = 17
    case priorities = 18
    case seal = 19
    case sealedContent = 20
    case chunks = 21
    case episodes = 22
}
