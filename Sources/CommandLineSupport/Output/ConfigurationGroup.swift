package import DQNModel

/// Configuration keys that belong together, for people who read a whole configuration.
package struct ConfigurationGroup {
    /// The heading.
    package let title: String
    /// The keys, in the order in which they are shown.
    private let keys: [String]

    private init(_ title: String, _ keys: String) {
        self.title = title
        self.keys = keys.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private static let all = [
        ConfigurationGroup("environment", "environment wrappers action_masks frame_stack"),
        ConfigurationGroup(
            "run", "preset method method_options seed workers environments_per_worker worker_steps compute_threads"),
        ConfigurationGroup(
            "schedule", "schedule_steps learning_starts train_interval gradient_steps target_interval target_rate"),
        ConfigurationGroup("network", "network dueling quantiles initialization input_offset input_scale"),
        ConfigurationGroup(
            "learning",
            """
            discount double n_step loss munchausen munchausen_alpha munchausen_temperature munchausen_clip
            refresh_interval segment_length return_lambda epochs minibatches entropy_coefficient value_coefficient
            """),
        ConfigurationGroup(
            "optimizer",
            """
            optimizer learning_rate learning_rate_final max_gradient_norm adam_beta1 adam_beta2 rmsprop_decay
            rmsprop_centred optimizer_epsilon shared_statistics
            """),
        ConfigurationGroup(
            "replay",
            "replay_capacity batch_size prioritized priority_exponent priority_correction priority_epsilon"),
        ConfigurationGroup(
            "exploration",
            "epsilon_start epsilon_final epsilon_fraction epsilon_assignment epsilon_resample_interval"),
        ConfigurationGroup(
            "evaluation",
            """
            evaluation_interval evaluation_episodes evaluation_max_steps evaluation_epsilon evaluation_sampling
            evaluation_environments probe_observations target_return log_interval
            """),
    ]

    /// Sorts the members of a configuration into groups. Keys of no group, such as those of a later release, come last
    /// under `other`.
    package static func groups(
        of members: [String: JSONValue]
    ) -> [(title: String, members: [(key: String, value: JSONValue)])] {
        var rest = members
        var groups = all.map { group in
            (
                title: group.title,
                members: group.keys.compactMap { key in rest.removeValue(forKey: key).map { (key: key, value: $0) } }
            )
        }
        groups.append(("other", rest.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }))
        return groups.filter { !$0.members.isEmpty }
    }
}
