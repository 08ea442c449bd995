public import DQNModel

/// The id, spaces and limits of an environment.
public struct EnvironmentSpecification: Sendable, Equatable {
    /// The environment's id, with Gymnasium's version suffix: `CartPole-v1`.
    public var id: String
    /// Shape and element type of one observation, before any stacking.
    public var observationSpace: ObservationSpace
    /// Number of discrete actions; actions are `0..<actionCount`.
    public var actionCount: Int
    /// What each action does, in a word or two.
    public var actionMeanings: [String]
    /// Agent steps after which an episode is truncated; `nil` without a limit.
    public var maximumEpisodeSteps: Int?
    /// Mean return at which the task counts as solved, if its authors name one.
    public var rewardThreshold: Double?
    /// How many consecutive observations a network should see together; 1 if one is enough.
    public var defaultFrameStack: Int
    /// Environment frames of one agent step: the action repeat.
    public var framesPerStep: Int
    /// The smallest and the largest number that an observation can hold, if both are known. Bytes without bounds lie in
    /// 0…255.
    package var observationBounds: ClosedRange<Float>?
    /// Whether observations may have an ``Environment/actionMask``.
    public var masksActions: Bool
    /// What runs the environment, by name (letters and underscores), such as `gymnasium` with its version; empty for
    /// the built-in ones. The environment may behave differently if one of them differs.
    public var provenance: [String: String]
    /// What the user should know about how observations are read, each a sentence without its subject.
    package var notices: [String] = []
    /// Options that state how observations are read, `key=value`, for the id of a new run. The id without them means
    /// what it meant in earlier versions.
    package var advisedOptions: [String] = []
    /// The path of the plug-in that the environment comes from; `nil` for all others.
    package var libraryFile: String?
    /// The canonical paths of the files with code that the environment has loaded, or may load, from outside this program
    /// and the interpreter's own packages.
    package var loadedFiles: [String] = []

    /// The parts of ``provenance`` that differ from stored ones, as the part's name, its value here and the stored one.
    package func differences(
        fromStored stored: [String: String]
    ) -> [(name: String, current: String, stored: String)] {
        provenance.sorted { $0.key < $1.key }.compactMap { name, current in
            guard let other = stored[name], !GymnasiumIdentity.isSame(current, other) else { return nil }
            return (name, current, other)
        }
    }

    /// Creates a specification; ``actionCount`` is the number of meanings.
    public init(
        id: String, observationSpace: ObservationSpace, actionMeanings: [String], maximumEpisodeSteps: Int? = nil,
        rewardThreshold: Double? = nil, defaultFrameStack: Int = 1, framesPerStep: Int = 1,
        provenance: [String: String] = [:], observationBounds: ClosedRange<Float>? = nil, masksActions: Bool = false
    ) {
        self.id = id
        self.observationSpace = observationSpace
        self.actionCount = actionMeanings.count
        self.actionMeanings = actionMeanings
        self.maximumEpisodeSteps = maximumEpisodeSteps
        self.rewardThreshold = rewardThreshold
        self.defaultFrameStack = defaultFrameStack
        self.framesPerStep = framesPerStep
        self.provenance = provenance
        self.observationBounds = observationBounds
        self.masksActions = masksActions
    }
}
