/// An optimiser's whole state.
public struct OptimizerState: Sendable, Equatable {
    /// `adam`, `rmsprop` or a plug-in's name.
    public var kind: String
    /// Constants by name: `learning_rate`, `beta1`, `epsilon`, …
    public var hyperparameters: [String: Double]
    /// Steps taken.
    public var stepCount: Int
    /// Slots by name (`first_moment`, …), each a flat vector like the parameters.
    public var slots: [String: [Float]]
    /// Creates a state.
    public init(kind: String, hyperparameters: [String: Double], stepCount: Int, slots: [String: [Float]]) {
        self.kind = kind
        self.hyperparameters = hyperparameters
        self.stepCount = stepCount
        self.slots = slots
    }
}
