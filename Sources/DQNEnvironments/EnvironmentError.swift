public import DQNModel

/// The error of this module: why an environment could not be created, stepped or restored.
public typealias EnvironmentError = DQNError<EnvironmentErrors>

/// Distinguishes ``EnvironmentError`` from the errors of other modules.
public enum EnvironmentErrors: Sendable {}

extension DQNError.Code where Domain == EnvironmentErrors {
    /// No environment has this id.
    public static var unknownEnvironment: Self { Self(rawValue: "unknownEnvironment") }
    /// The id is registered already.
    public static var alreadyRegistered: Self { Self(rawValue: "alreadyRegistered") }
    /// The action is out of range.
    public static var invalidAction: Self { Self(rawValue: "invalidAction") }
    /// The environment was stepped before its first reset or after the end of an episode.
    public static var resetNeeded: Self { Self(rawValue: "resetNeeded") }
    /// The environment does not accept these options.
    public static var invalidOptions: Self { Self(rawValue: "invalidOptions") }
    /// The wrapper is unknown, or does not accept these settings or this environment.
    public static var invalidWrapper: Self { Self(rawValue: "invalidWrapper") }
    /// There is no Python to run the environment, or it does not start.
    public static var pythonMissing: Self { Self(rawValue: "pythonMissing") }
    /// The Python lacks a package or module that the environment needs.
    public static var packageMissing: Self { Self(rawValue: "packageMissing") }
    /// The environment's observations or actions are of an unsupported kind.
    public static var unsupportedSpace: Self { Self(rawValue: "unsupportedSpace") }
    /// The environment's own code failed.
    public static var environmentFailed: Self { Self(rawValue: "environmentFailed") }
    /// The environment's process ended.
    public static var processEnded: Self { Self(rawValue: "processEnded") }
    /// The environment's process did not answer in time and was killed.
    public static var timedOut: Self { Self(rawValue: "timedOut") }
    /// A stored state is valid but does not fit this environment; a new episode can begin.
    public static var stateNotApplicable: Self { Self(rawValue: "stateNotApplicable") }
    /// The environment brings code that nobody has allowed to run.
    public static var notAllowed: Self { Self(rawValue: "notAllowed") }
    /// There is no file at a plug-in's path.
    public static var pluginNotFound: Self { Self(rawValue: "pluginNotFound") }
    /// A plug-in does not load, or breaks the contract of `dqn_environment.h`.
    public static var invalidPlugin: Self { Self(rawValue: "invalidPlugin") }
    /// A call of a plug-in failed, or returned something invalid.
    public static var pluginFailed: Self { Self(rawValue: "pluginFailed") }
}
