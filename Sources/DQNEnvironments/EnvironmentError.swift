public import DQNModel

/// Why an environment could not be made or stepped.
public typealias EnvironmentError = DQNError<EnvironmentErrors>

/// Tells ``EnvironmentError`` from the errors of other modules.
public enum EnvironmentErrors: Sendable {}

extension DQNError.Code where Domain == EnvironmentErrors {
    /// No environment is registered under the id.
    public static var unknownEnvironment: Self { Self(rawValue: "unknownEnvironment") }
    /// An environment is registered under the id already.
    public static var alreadyRegistered: Self { Self(rawValue: "alreadyRegistered") }
    /// The action is not one of the environment's.
    public static var invalidAction: Self { Self(rawValue: "invalidAction") }
    /// A step was asked for before the first reset or after an episode's end.
    public static var resetNeeded: Self { Self(rawValue: "resetNeeded") }
    /// The environment does not take the options.
    public static var invalidOptions: Self { Self(rawValue: "invalidOptions") }
    /// There is no such wrapper, it does not take these settings, or not this environment.
    public static var invalidWrapper: Self { Self(rawValue: "invalidWrapper") }
    /// There is no Python to run the environment, or it cannot be started.
    public static var pythonMissing: Self { Self(rawValue: "pythonMissing") }
    /// The Python has not all packages or modules that the environment needs.
    public static var packageMissing: Self { Self(rawValue: "packageMissing") }
    /// The environment's observations or actions are of a kind that no agent here can take.
    public static var unsupportedSpace: Self { Self(rawValue: "unsupportedSpace") }
    /// The environment's own code has failed.
    public static var environmentFailed: Self { Self(rawValue: "environmentFailed") }
    /// The environment's process has ended.
    public static var processEnded: Self { Self(rawValue: "processEnded") }
    /// The environment's process has not answered in time, and was killed.
    public static var timedOut: Self { Self(rawValue: "timedOut") }
    /// A stored state is whole, but the environment at hand cannot be brought into it: a new episode can begin.
    public static var stateNotApplicable: Self { Self(rawValue: "stateNotApplicable") }
    /// There is no file at a plug-in's path.
    public static var pluginNotFound: Self { Self(rawValue: "pluginNotFound") }
    /// A plug-in cannot be loaded, or breaks the contract of `dqn_environment.h`.
    public static var invalidPlugin: Self { Self(rawValue: "invalidPlugin") }
    /// A plug-in failed in a call, or what the call gave cannot be.
    public static var pluginFailed: Self { Self(rawValue: "pluginFailed") }
}
