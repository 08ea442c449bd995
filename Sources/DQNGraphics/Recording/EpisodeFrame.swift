/// The content of one frame: the environment and the agent's decision.
struct EpisodeFrame {
    /// The environment before the action.
    var picture: Picture
    /// The number of agent steps before it.
    var step: Int
    /// The sum of the rewards before it.
    var totalReward: Double
    /// One number per action; empty at the end of the episode.
    var values: [Float]
    /// The chosen action; `nil` at the end of the episode.
    var action: Int?
    /// How the episode ended, if it did.
    var ending: String?
}
