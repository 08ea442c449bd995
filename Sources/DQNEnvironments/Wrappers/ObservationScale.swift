public import DQNModel

/// Multiplies each number of an observation and adds to it: `observation-scale:0.01` or `observation-scale:0.01,-1`.
public struct ObservationScale: EnvironmentWrapper {
    /// The environment inside.
    public var inner: any Environment
    /// What each number is multiplied by.
    public let factor: Float
    /// What is added then.
    public let offset: Float
    /// `observation-scale:0.01,-1.0`.
    public let text: String

    /// Puts the wrapper around an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for observations that are no floats: bytes are scaled on their
    ///   way into a network.
    public init(_ environment: any Environment, factor: Float, offset: Float = 0) throws(EnvironmentError) {
        text = WrapperSetting.observationScale(factor: factor, offset: offset).text
        guard environment.specification.observationSpace.element == .float32 else {
            throw .unfit(text, environment, "its observations are bytes, which networks scale by 1/255 themselves")
        }
        inner = environment
        self.factor = factor
        self.offset = offset
    }

    /// Shows the inner observation, scaled.
    public func observe(into observation: inout Observation) {
        inner.observe(into: &observation)
        observation.withMutableFloats { values in
            for index in values.indices { values[index] = values[index] * factor + offset }
        }
    }
}
