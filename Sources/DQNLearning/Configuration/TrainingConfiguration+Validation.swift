package import DQNCheckpoint
package import DQNEnvironments
package import DQNModel

extension TrainingConfiguration {
    /// Returns the network for an environment's stacked observations.
    package func architecture(for environment: EnvironmentSpecification) throws(ModelError) -> NetworkArchitecture {
        let actions = environment.actionCount
        let isActorCritic = (try? TrainingMethods.named(method).isActorCritic) ?? false
        return try NetworkArchitecture(
            network, input: environment.observationSpace.stacked(depth: frameStack),
            inputOffset: inputOffset.map { [Float($0)] } ?? [], inputScale: inputScale.map { [Float($0)] } ?? [],
            head: isActorCritic
                ? .actorCritic(actions: actions)
                : quantiles > 0
                    ? .quantiles(actions: actions, quantiles: quantiles)
                    : dueling ? .dueling(actions: actions) : .actionValues(actions: actions))
    }

    /// Checks the combination of the settings.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the keys that contradict each other.
    package func validate(for environment: EnvironmentSpecification) throws(TrainingError) {
        func fail(_ message: String) -> TrainingError { TrainingError(code: .invalidConfiguration, message: message) }
        let method = try TrainingMethods.named(method)
        try validateWorkers()
        if method.usesReplay {
            let minimum = ReplayMemory.minimumCapacity(frameStack: frameStack, nStep: nStep)
            guard replayCapacityPerEnvironment >= minimum else {
                let each = environmentsPerWorker > 1 ? ", environments_per_worker \(environmentsPerWorker)" : ""
                throw fail(
                    "replay_capacity \(replayCapacity) is too small for frame_stack \(frameStack)\(each) and n_step "
                        + "\(nStep); use at least \(minimum * environmentsPerWorker).")
            }
        } else if nStep != 1 || prioritized {
            throw fail(
                "The method '\(method.name)' has no replay, which n_step and prioritized require; "
                    + "leave them out and set segment_length instead.")
        }
        if method.isActorCritic, dueling || doubleDQN {
            throw fail("The method '\(method.name)' has no action values; leave dueling and double out.")
        }
        if evaluationSampling, !method.isActorCritic {
            throw fail(
                "The method '\(method.name)' has action values, not probabilities, which evaluation_sampling requires; "
                    + "leave it out, or use --method a3c.")
        }
        if quantiles > 0 {
            guard method.usesReplay, method.extensionOwner == nil else {
                throw fail(
                    "The method '\(method.name)' does not learn quantiles; leave quantiles out, or use --method dqn.")
            }
            guard !dueling else {
                throw fail("A network of quantiles has no dueling streams; leave dueling or quantiles out.")
            }
        }
        if munchausen, method.isActorCritic {
            throw fail("The method '\(method.name)' has no action values; leave munchausen out.")
        }
        if munchausen, doubleDQN {
            throw fail(
                "munchausen takes a soft maximum over all actions, so double has no action to select; "
                    + "set double=false or munchausen=false.")
        }
        try method.validate(self)
        do { _ = try architecture(for: environment) } catch { throw fail(error.message) }
    }

    /// Checks the number of workers. It needs no environment, so it comes before anything is created for them.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if the number is out of range or the method or
    ///   `compute_threads` does not allow it.
    package func validateWorkers() throws(TrainingError) {
        func fail(_ message: String) -> TrainingError { TrainingError(code: .invalidConfiguration, message: message) }
        // The key knows its range; a resume sets the number without it.
        var checked = self
        try checked.set("workers", to: .integer(Int64(workers)))
        let method = try TrainingMethods.named(method)
        guard workers == 1 || method.allowsSeveralWorkers else {
            throw fail(
                "The method '\(method.name)' has one worker, not \(workers); use --method async-dqn for more."
            )
        }
        guard workers == 1 || computeThreads == 1 else {
            throw fail(
                "Each of \(workers) workers has one compute thread, not \(computeThreads); set compute_threads to 1.")
        }
    }

    /// Checks that this program has the method and the environment of a stored run.
    ///
    /// - Parameter extensions: The extension groups of the checkpoint, which name the owner of an unknown method.
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

    /// Checks that a run of the given number of agent steps learns until its end.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if the learning rate is 0 at the end of the run.
    package func validate(steps: Int, resumes: Bool = false) throws(TrainingError) {
        guard steps > scheduleSteps, learningRateFinal == 0 else { return }
        throw TrainingError(
            code: .invalidConfiguration,
            message:
                "The learning rate is 0 from agent step \(scheduleSteps) on, so the run would stop learning before "
                + "step \(steps); \(resumes ? "add --schedule-steps \(steps) to extend the schedule" : "use --schedule-steps \(steps)"), "
                + "or stop at \(scheduleSteps).")
    }
}
