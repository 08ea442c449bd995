/// The wrappers around an environment, the innermost first, as in the configuration key `wrappers`.
///
/// | text | effect |
/// |---|---|
/// | `no-op-start:30` | begins each episode with 1 to 30 steps of action 0, which must be `noop` |
/// | `action-repeat:4`, `action-repeat:4,max` | repeats each action; `max` shows the maximum of two frames |
/// | `atari-pixels:84`, `atari-pixels:42` | shrinks a screen to a grey square |
/// | `observation-scale:0.01`, `observation-scale:0.01,-1` | multiplies observations by a factor and adds an offset |
/// | `time-limit:27000` | truncates episodes |
/// | `episodic-life` | ends an episode when a life is lost, in training only |
/// | `fire-on-reset` | presses FIRE at the start of an episode and after each lost life |
/// | `reward-clip` | replaces each reward by its sign, in training only |
/// | `reward-scale:0.1` | multiplies each reward by a factor, in training only |
/// | `reward-normalize`, `reward-normalize:0.9` | divides rewards by the running deviation of the return, in training only |
///
/// ```swift
/// let list = try WrapperList(parsing: "action-repeat:4 time-limit:100 reward-clip")
/// var environment = try list.wrap(EnvironmentRegistry.make("CartPole-v1"), for: .training)
/// ```
public struct WrapperList: Sendable, Equatable {
    /// What an environment is for.
    public enum Use: Sendable {
        /// Training: all wrappers.
        case training
        /// Evaluating and playing: without the wrappers for training only, so that returns are those of whole games.
        case playing
    }

    private let settings: [WrapperSetting]

    /// Parses wrappers separated by spaces.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) as `init(_:)`.
    public init(parsing text: String) throws(EnvironmentError) {
        try self.init(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    /// Parses a list of wrappers.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for an unknown wrapper, with the nearest name, and for invalid
    ///   settings, with the valid ones; for more than 64 wrappers.
    package init(_ texts: [String]) throws(EnvironmentError) {
        settings = try WrapperSetting.list(texts)
    }

    /// The wrappers as texts, with settings in canonical form.
    package var texts: [String] { settings.map(\.text) }

    /// Returns the environment inside the wrappers.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) if a wrapper does not fit the environment inside it, with the
    ///   reason.
    public func wrap(_ environment: any Environment, for use: Use) throws(EnvironmentError) -> any Environment {
        var environment = environment
        for setting in settings where use == .training || !setting.isForTrainingOnly {
            environment = try setting.wrap(environment)
        }
        return environment
    }
}
