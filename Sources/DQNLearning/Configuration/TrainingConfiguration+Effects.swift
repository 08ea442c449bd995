internal import DQNNetwork

extension TrainingConfiguration {
    /// Returns a sentence for each reason why some of the given settings have no effect, and for a target network that
    /// hardly moves.
    ///
    /// - Parameter names: The keys that the user set.
    package func notices(on names: Set<String>) -> [String] {
        var notices: [String] = []
        for (keys, reason) in ineffective() {
            let found = names.intersection(keys).sorted()
            guard !found.isEmpty else { continue }
            let verb = found.count == 1 ? "has" : "have"
            notices.append("\(found.joined(separator: ", ")) \(verb) no effect: \(reason)")
        }
        guard let method = try? TrainingMethods.named(method) else { return notices }
        if method.usesTarget, targetRate < 1, Double(targetInterval) / targetRate > Double(scheduleSteps) {
            notices.append(
                "the target network hardly moves in \(scheduleSteps) agent steps: target_rate \(targetRate) every "
                    + "\(targetInterval) steps; lower target_interval or raise target_rate")
        }
        return notices
    }

    /// Settings without an effect, with the reasons.
    private func ineffective() -> [(keys: Set<String>, reason: String)] {
        var result: [(keys: Set<String>, reason: String)] = []
        func add(_ isIneffective: Bool, _ keys: Set<String>, _ reason: String) {
            if isIneffective { result.append((keys, reason)) }
        }
        let other: OptimizerConfiguration.Kind = optimizer.kind == .adam ? .rmsprop : .adam
        add(
            true, ConfigurationKey.ofOptimizer[other, default: []],
            "the optimiser is \(optimizer.kind.rawValue); set optimizer=\(other.rawValue) to use them")
        add(
            !prioritized, ["priority_exponent", "priority_correction", "priority_epsilon"],
            "the replay is not prioritized; set prioritized=true")
        add(quantiles > 0, ["loss"], "a network of quantiles has the quantile Huber loss")
        add(
            !munchausen, ["munchausen_alpha", "munchausen_temperature", "munchausen_clip"],
            "Munchausen learning is off; set munchausen=true")
        add(
            evaluationInterval == 0,
            [
                "evaluation_episodes", "evaluation_epsilon", "evaluation_sampling", "evaluation_max_steps",
                "evaluation_environments", "probe_observations", "target_return",
            ],
            "evaluation_interval 0 disables evaluations")
        // A plug-in's method may use any setting.
        guard let method = try? TrainingMethods.named(method), method.extensionOwner == nil else { return result }
        add(
            !method.usesReplay, ["batch_size", "replay_capacity", "train_interval", "gradient_steps"],
            "the method '\(method.name)' has no replay; it learns from segments of segment_length steps")
        add(
            method.usesReplay, ["segment_length"],
            "the method '\(method.name)' learns from a replay; set train_interval and batch_size instead")
        add(
            !method.usesTarget, ["target_interval", "target_rate"],
            "the method '\(method.name)' has no target network")
        add(
            method.isActorCritic, ["loss"],
            "the method '\(method.name)' has a loss of its own, with entropy_coefficient and value_coefficient")
        add(
            !method.isActorCritic, ["entropy_coefficient", "value_coefficient"],
            "the method '\(method.name)' has no policy; it acts by epsilon")
        add(
            method.isActorCritic,
            [
                "epsilon_start", "epsilon_final", "epsilon_fraction", "epsilon_assignment", "epsilon_resample_interval",
                "learning_starts",
            ], "the method '\(method.name)' samples its actions from its policy")
        add(
            !method.usesReplay, ["refresh_interval"],
            "the method '\(method.name)' copies the parameters after every update")
        add(
            method.name != "pqn", ["return_lambda", "epochs", "minibatches"],
            "only the method 'pqn' takes passes over its steps")
        guard !method.isActorCritic else { return result }
        add(
            epsilonAssignment != .fixed, ["epsilon_final"],
            "epsilon_assignment \(epsilonAssignment.rawValue) decides the final epsilon; set epsilon_assignment=fixed")
        add(
            epsilonAssignment != .drawn, ["epsilon_resample_interval"],
            "the final epsilon is not drawn; set epsilon_assignment=drawn")
        return result
    }
}
