internal import DQNNetwork

// Settings whose meaning or default depends on another setting.

extension ConfigurationKey {
    /// The settings that keep their meaning if the training method changes. All others belong to the method.
    package static let independentOfMethod: Set<String> = [
        "environment", "wrappers", "action_masks", "preset", "seed", "frame_stack", "compute_threads", "worker_steps",
        "discount",
        "evaluation_interval", "evaluation_episodes", "evaluation_epsilon", "evaluation_max_steps", "target_return",
        "evaluation_environments", "probe_observations", "log_interval", "input_offset",
        "input_scale",
    ]

    /// The settings that describe the observations or the returns of one environment.
    package static let ofEnvironment: Set<String> = [
        "wrappers", "frame_stack", "network", "initialization", "input_offset", "input_scale", "target_return",
    ]

    /// The constants of each optimiser, without the one that all have.
    static let ofOptimizer: [OptimizerConfiguration.Kind: Set<String>] = [
        .adam: ["adam_beta1", "adam_beta2"],
        .rmsprop: ["rmsprop_decay", "rmsprop_centred"],
    ]
}

extension OptimizerConfiguration {
    /// Returns an optimiser with its own default constants.
    ///
    /// Those of RMSProp are the ones of Mnih 2016 for the methods without a replay, and the ones of Mnih 2015 for all
    /// others.
    static func standard(_ kind: Kind, for method: String) -> Self {
        let usesReplay = (try? TrainingMethods.named(method).usesReplay) ?? true
        switch kind {
        case .adam: return .adam()
        case .rmsprop: return usesReplay ? .rmsprop() : .rmsprop(decay: 0.99, epsilon: 0.1, centred: false)
        }
    }
}
