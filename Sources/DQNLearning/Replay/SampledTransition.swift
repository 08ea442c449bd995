/// A transition sampled from a replay.
///
/// The learning target is y = ``reward`` + ``bootstrapDiscount`` · V(observation of ``bootstrapSlot``).
public struct SampledTransition: Sendable {
    /// The slot of the observation before the action.
    public let slot: Int
    /// The action taken there.
    public let action: Int32
    /// Σ γⁱ rᵢ over n steps, or over fewer if the episode ended.
    public let reward: Float
    /// The slot of the observation to bootstrap from; ``slot`` itself if the episode terminated.
    public let bootstrapSlot: Int
    /// γ to the power of the number of steps; 0 if the episode terminated.
    public let bootstrapDiscount: Float
    /// The factor of the transition's loss that corrects for prioritized sampling; 1 in a uniform replay.
    public internal(set) var importanceWeight: Float = 1

    init(slot: Int, action: Int32, reward: Float, bootstrapSlot: Int, bootstrapDiscount: Float) {
        self.slot = slot
        self.action = action
        self.reward = reward
        self.bootstrapSlot = bootstrapSlot
        self.bootstrapDiscount = bootstrapDiscount
    }

    /// An initial value for the rows of a batch.
    public static let blank = SampledTransition(slot: 0, action: 0, reward: 0, bootstrapSlot: 0, bootstrapDiscount: 0)
}
