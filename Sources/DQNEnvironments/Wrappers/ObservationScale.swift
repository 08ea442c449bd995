package import DQNModel

/// Multiplies the numbers of an observation and adds an offset: `observation-scale:0.01` or
/// `observation-scale:0.01,-1`.
package struct ObservationScale: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// The factor of each number.
    package let factor: Float
    /// The offset, added after the multiplication.
    package let offset: Float
    /// `observation-scale:0.01,-1.0`.
    package let text: String
    /// The specification of the inner environment, with scaled bounds.
    package let specification: EnvironmentSpecification

    /// Wraps an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for observations that are not floats: networks scale bytes
    ///   themselves.
    package init(_ environment: any Environment, factor: Float, offset: Float = 0) throws(EnvironmentError) {
        text = WrapperSetting.observationScale(factor: factor, offset: offset).text
        guard environment.specification.observationSpace.element == .float32 else {
            throw .unfit(text, environment, "its observations are bytes, which networks scale by 1/255 themselves")
        }
        var specification = environment.specification
        specification.observationBounds = specification.observationBounds.map { bounds in
            let (first, second) = (bounds.lowerBound * factor + offset, bounds.upperBound * factor + offset)
            return min(first, second)...max(first, second)
        }
        self.specification = specification
        inner = environment
        self.factor = factor
        self.offset = offset
    }

    /// Only observations change, of which the last alone is computed.
    package func innerFrameTaker(keepingTwo: Bool) -> (any FrameTaking)? {
        keepingTwo ? nil : inner.frameTaker(keepingTwo: false)
    }

    /// Writes the inner observation, scaled.
    package func observe(into observation: inout Observation) {
        inner.observe(into: &observation)
        observation.withMutableFloats { values in
            for index in values.indices { values[index] = values[index] * factor + offset }
        }
    }
}
