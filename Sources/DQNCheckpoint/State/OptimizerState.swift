/// The complete state of an optimiser.
public struct OptimizerState: Sendable, Equatable {
    /// `adam`, `rmsprop` or the name of a plug-in's optimiser.
    public var kind: String
    /// Hyperparameters by name: `learning_rate`, `beta1`, `epsilon`, …
    public var hyperparameters: [String: Double]
    /// Steps taken.
    public var stepCount: Int
    /// Slots by name (`first_moment`, …), each a flat vector in the order of the parameters.
    public var slots: [String: [Float]]
    /// Creates a state.
    public init(kind: String, hyperparameters: [String: Double], stepCount: Int, slots: [String: [Float]]) {
        self.kind = kind
        self.hyperparameters = hyperparameters
        self.stepCount = stepCount
        self.slots = slots
    }
}
