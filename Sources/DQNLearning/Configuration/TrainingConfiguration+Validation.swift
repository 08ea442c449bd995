package import DQNCheckpoint
package import DQNEnvironments
public import DQNModel

extension TrainingConfiguration {
    /// The network for an environment's observations, stacked.
    package func architecture(for environment: EnvironmentSpecification) throws(ModelError) -> NetworkArchitecture {
        let actions = environment.actionCount
        let isActorCritic = (try? TrainingMethods.named(method).isActorCritic) ?? false
        return try NetworkArchitecture(
            network, input: environment.observationSpace.stacked(depth: frameStack),
            head: isActorCritic
                ? .actorCritic(actions: actions)
                : dueling ? .dueling(actions: actions) : .actionValues(actions: actions))
    }

    /// Checks what a single key's range cannot.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the keys that do not go together.
    package func validate(for environment: EnvironmentSpecification) throws(TrainingError) {
        func fail(_ message: String) -> TrainingError { TrainingError(code: .invalidConfiguration, message: message) }
        let method = try TrainingMethods.named(method)
        guard workers == 1 || method.allowsSeveralWorkers else {
            throw fail("The method '\(method.name)' has one worker, not \(workers); use --method async-dqn for more.")
        }
        guard workers == 1 || computeThreads == 1 else {
            throw fail(
                "\(workers) workers have one compute thread each, not \(computeThreads); set compute_threads to 1.")
        }
        if method.usesReplay {
            let minimum = ReplayMemory.minimumCapacity(frameStack: frameStack, nStep: nStep)
            guard replayCapacity >= minimum else {
                throw fail(
                    "replay_capacity \(replayCapacity) is too small for frame_stack \(frameStack) and n_step \(nStep); "
                        + "use at least \(minimum).")
            }
        } else if nStep != 1 || prioritized {
            throw fail(
                "The method '\(method.name)' has no replay, which n_step and prioritized are about; "
                    + "leave them out (its own n is segment_length).")
        }
        if method.isActorCritic, dueling || doubleDQN {
            throw fail("The method '\(method.name)' has no action values; leave dueling and double out.")
        }
        try method.validate(self)
        do { _ = try architecture(for: environment) } catch { throw fail(error.message) }
    }

    /// Checks that this program has the method and the environment of a stored run.
    ///
    /// - Parameter extensions: the checkpoint's, which tell whose method it is.
    /// - Throws: ``TrainingError`` (`cannotResume`) naming what a plug-in must register.
    package func requireKnown(with extensions: [ExtensionGroup]) throws(TrainingError) {
        var missing: [String] = []
        if !TrainingMethods.names.contains(method) {
            let owner = extensions.first { $0.state.kind == method }?.owner
            missing.append("method '\(method)'" + (owner.map { " of \($0)" } ?? ""))
        }
        // An invalid id counts as known, so that creating the environment reports what is wrong with it.
        if let id = try? EnvironmentID(environment), !EnvironmentRegistry.recognizes(id) {
            missing.append("environment '\(environment)'")
        }
        guard !missing.isEmpty else { return }
        throw TrainingError(
            code: .cannotResume,
            message: "The run needs the \(missing.joined(separator: " and the ")), which this program does not have; "
                + "resume it with the program that registers them.")
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
