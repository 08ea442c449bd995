/// Why an environment could not be made or stepped.
///
/// Switch over ``code``; the text is for people and may change between releases.
public struct EnvironmentError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; new codes may be added.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's stable name.
        public let rawValue: String
        /// Creates a code from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// No environment is registered under the id.
        public static let unknownEnvironment = Code(rawValue: "unknownEnvironment")
        /// An environment is registered under the id already.
        public static let alreadyRegistered = Code(rawValue: "alreadyRegistered")
        /// The action is not one of the environment's.
        public static let invalidAction = Code(rawValue: "invalidAction")
        /// A step was asked for before the first reset or after an episode's end.
        public static let resetNeeded = Code(rawValue: "resetNeeded")
        /// The environment does not take the options.
        public static let invalidOptions = Code(rawValue: "invalidOptions")
        /// There is no such wrapper, it does not take these settings, or not this environment.
        public static let invalidWrapper = Code(rawValue: "invalidWrapper")
        /// There is no Python to run the environment, or it cannot be started.
        public static let pythonMissing = Code(rawValue: "pythonMissing")
        /// The Python has not all packages or modules that the environment needs.
        public static let packageMissing = Code(rawValue: "packageMissing")
        /// The environment's observations or actions are of a kind that no agent here can take.
        public static let unsupportedSpace = Code(rawValue: "unsupportedSpace")
        /// The environment's own code has failed.
        public static let environmentFailed = Code(rawValue: "environmentFailed")
        /// The environment's process has ended.
        public static let processEnded = Code(rawValue: "processEnded")
        /// The environment's process has not answered in time, and was killed.
        public static let timedOut = Code(rawValue: "timedOut")
        /// A stored state is whole, but the environment at hand cannot be brought into it: a new episode can begin.
        public static let stateNotApplicable = Code(rawValue: "stateNotApplicable")
        /// There is no file at a plug-in's path.
        public static let pluginNotFound = Code(rawValue: "pluginNotFound")
        /// A plug-in cannot be loaded, or breaks the contract of `dqn_environment.h`.
        public static let invalidPlugin = Code(rawValue: "invalidPlugin")
        /// A plug-in failed in a call, or what the call gave cannot be.
        public static let pluginFailed = Code(rawValue: "pluginFailed")
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: the thing, the rule and the remedy.
    public let message: String
    /// What lies behind it, in as many lines as it takes: a traceback, what a process wrote last; often empty.
    public let details: [String]

    /// Creates an error.
    public init(code: Code, message: String, details: [String] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The sentence of ``message``.
    public var description: String { message }
}
