/// A transition as drawn from a replay: what to learn from, and where its observations are.
///
/// The learning target is y = ``reward`` + ``bootstrapDiscount`` · V(observation of ``bootstrapSlot``).
public struct SampledTransition: Sendable {
    /// The slot of the observation that the step was taken from.
    public var slot: Int
    /// The action taken there.
    public var action: Int32
    /// Σ γⁱ r of the steps taken together: n of them, or as many as the episode had left.
    public var reward: Float
    /// The slot of the observation to bootstrap from; ``slot`` itself where the episode terminated, since there is
    /// nothing to bootstrap from then.
    public var bootstrapSlot: Int
    /// γ to the number of steps taken together; 0 where the episode terminated.
    public var bootstrapDiscount: Float
    /// What the transition's loss is multiplied by to make up for its having been drawn more often than others; 1 in
    /// a uniform replay.
    public var importanceWeight: Float = 1

    /// Creates a transition.
    public init(slot: Int, action: Int32, reward: Float, bootstrapSlot: Int, bootstrapDiscount: Float) {
        self.slot = slot
        self.action = action
        self.reward = reward
        self.bootstrapSlot = bootstrapSlot
        self.bootstrapDiscount = bootstrapDiscount
    }

    /// A row of a batch that nothing has been drawn for yet.
    public static let blank = SampledTransition(slot: 0, action: 0, reward: 0, bootstrapSlot: 0, bootstrapDiscount: 0)
}
