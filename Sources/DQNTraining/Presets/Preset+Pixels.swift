internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

// What keeps the units of networks of pixels alive.

extension Preset {
    /// Learning from pixels with a replay, beyond the settings of Mnih 2015: three-step returns, and a larger ε of Adam.
    /// With 10⁻⁸, gradients of almost nothing become full steps, and most units die.
    static func applyPixelLearning(to configuration: inout TrainingConfiguration) {
        configuration.nStep = 3
        configuration.optimizer = .adam(epsilon: 1.5e-4)
        configuration.initialization = .orthogonal
    }

    /// Whether the preset centres the observations of an environment, in its wrappers: large pictures of bytes.
    private func centres(_ environment: EnvironmentSpecification) -> Bool {
        guard self == .default || self == .atari, !environment.id.hasPrefix("Catch") else { return false }
        return environment.observationSpace.element == .uint8 && Self.hasLargeFrames(environment)
    }

    /// Returns the value that the preset subtracts from the elements of observations: the median of the first observation
    /// after a reset, which in most games is the colour of the background. `nil` if the preset subtracts nothing or the
    /// background is black.
    ///
    /// Otherwise all inputs are positive, and a unit whose weights come to a negative sum never recovers.
    ///
    /// - Parameter environment: the environment in its wrappers; it is reset.
    func inputOffset(for environment: any Environment) throws -> Double? {
        let specification = environment.specification
        guard centres(specification) else { return nil }
        var environment = environment
        try environment.reset(seed: 0)
        var observation = Observation(zerosOf: specification.observationSpace)
        environment.observe(into: &observation)
        let median = observation.withBytes { bytes in bytes.sorted()[bytes.count / 2] }
        return median > 0 ? Double(median) : nil
    }
}
