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

    /// Creates an error.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence of ``message``.
    public var description: String { message }
}
