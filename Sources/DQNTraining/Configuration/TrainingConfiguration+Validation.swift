internal import DQNEnvironments
internal import DQNModel

extension TrainingConfiguration {
    /// The network for an environment's observations, stacked.
    func architecture(for environment: EnvironmentSpecification) throws(ModelError) -> NetworkArchitecture {
        try NetworkArchitecture(
            network, input: environment.observationSpace.stacked(frameStack), actions: environment.actionCount)
    }

    /// Checks what a single key's range cannot.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the keys that do not go together.
    func validate(for environment: EnvironmentSpecification) throws(TrainingError) {
        func fail(_ message: String) -> TrainingError { TrainingError(code: .invalidConfiguration, message: message) }
        guard TrainingMethods.names.contains(method) else {
            throw fail(
                "There is no method '\(method)'; \(NearestName.remedy(for: method, among: TrainingMethods.names))")
        }
        _ = try Preset.named(preset)
        let minimum = UniformReplay.minimumCapacity(frameStack: frameStack)
        guard replayCapacity >= minimum else {
            throw fail(
                "replay_capacity \(replayCapacity) is too small for frame_stack \(frameStack); use at least \(minimum)."
            )
        }
        do { _ = try architecture(for: environment) } catch { throw fail(error.message) }
    }

    /// Checks that a run of so many steps goes on learning all the way.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) when the learning rate would be 0 for the rest of the run.
    public func validate(steps: Int) throws(TrainingError) {
        guard steps > scheduleSteps, learningRateFinal == 0 else { return }
        throw TrainingError(
            code: .invalidConfiguration,
            message: "The learning rate is 0 from agent step \(scheduleSteps) on, so the run would learn nothing up to "
                + "\(steps); create a run with --schedule-steps \(steps), or stop at \(scheduleSteps).")
    }
}

/// The training methods by name.
public enum TrainingMethods {
    /// The names that the configuration key `method` may have.
    public static let names = ["dqn"]
}
