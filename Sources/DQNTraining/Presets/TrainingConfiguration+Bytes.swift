internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel

extension TrainingConfiguration {
    /// Whether the network scales observations in its own way.
    var scalesInput: Bool { inputScale != nil || inputOffset != nil }

    /// Scales bytes by their own largest value, if the environment declares another one than 255.
    ///
    /// A network multiplies bytes by 1/255 otherwise, and hardly sees a board of zeros and ones.
    mutating func scaleBytes(of environment: EnvironmentSpecification) {
        guard environment.observationSpace.element == .uint8, let largest = environment.observationBounds?.upperBound,
            largest >= 1, largest < 255
        else { return }
        inputOffset = nil
        inputScale = 1 / Double(largest)
    }
}
