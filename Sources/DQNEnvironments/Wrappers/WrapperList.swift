/// The wrappers around an environment, the innermost first: what a run's configuration has under `wrappers`.
///
/// | text | |
/// |---|---|
/// | `no-op-start:30` | ``NoOpStart`` |
/// | `action-repeat:4`, `action-repeat:4,max` | ``ActionRepeat`` |
/// | `atari-pixels:84`, `atari-pixels:42` | ``AtariPixels`` |
/// | `observation-scale:0.01`, `observation-scale:0.01,-1` | ``ObservationScale`` |
/// | `time-limit:27000` | ``TimeLimit`` |
/// | `episodic-life` | ``EpisodicLife``, in training only |
/// | `reward-clip` | ``RewardClip``, in training only |
///
/// ```swift
/// let list = try WrapperList(parsing: "action-repeat:4 time-limit:100 reward-clip")
/// var environment = try list.wrap(EnvironmentRegistry.make("CartPole-v1"), for: .training)
/// ```
public struct WrapperList: Sendable, Equatable {
    /// What an environment is made for.
    public enum Use: Sendable {
        /// Learning: all wrappers.
        case training
        /// Evaluating and playing: without the wrappers that are for training only, so that returns are those of whole
        /// games, as their authors count them.
        case playing
    }

    private let settings: [WrapperSetting]

    /// The wrappers of a text with spaces between them.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) as ``init(_:)``.
    public init(parsing text: String) throws(EnvironmentError) {
        try self.init(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    /// The wrappers of a list of texts.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for an unknown wrapper, with the nearest name, and for settings
    ///   that it does not take, with those that it does.
    public init(_ texts: [String]) throws(EnvironmentError) {
        var settings: [WrapperSetting] = []
        for text in texts { settings.append(try WrapperSetting(text)) }
        self.settings = settings
    }

    /// The wrappers as texts, with their settings written in one way.
    public var texts: [String] { settings.map(\.text) }

    /// Puts the wrappers around an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) where one cannot be around what is inside it, with the reason.
    public func wrap(_ environment: any Environment, for use: Use) throws(EnvironmentError) -> any Environment {
        var environment = environment
        for setting in settings where use == .training || !setting.isForTrainingOnly {
            environment = try setting.wrap(environment)
        }
        return environment
    }
}
