internal import DQNLearning
package import DQNModel

extension ConfigurationRequest {
    /// The settings of a checkpoint that a new run starts from.
    package struct Origin: Sendable {
        /// The settings by key.
        package var settings: JSONValue
        /// Whether the run continues the checkpoint's schedule.
        package var continuesSchedule: Bool

        /// The environment of the checkpoint's run.
        package var environment: String? { settings["environment"]?.stringValue }

        /// The settings that define the network for an environment and a method.
        static let networkKeys: Set<String> = [
            "network", "initialization", "frame_stack", "input_offset", "input_scale", "dueling", "quantiles",
        ]

        /// Returns the settings that apply to a run, and those that do not.
        ///
        /// Another method or preset has its own settings, except those of the network and the environment, without which
        /// the parameters would not fit. A target return is one environment's.
        func layer(
            method: String, preset: String, isSameEnvironment: Bool, hasSteps: Bool
        ) throws(TrainingError) -> (layer: ConfigurationLayer, removed: [Removed]) {
            var layer = try ConfigurationLayer(file: settings)
            // The steps of a new schedule are also its length.
            if hasSteps, !continuesSchedule { _ = layer.remove { $0 == "schedule_steps" } }
            var removed: [Removed] = []
            func remove(_ kind: String, _ run: String, where isRemoved: (String) -> Bool) {
                removed.append(
                    Removed(source: "checkpoint", settings: layer.remove(where: isRemoved), file: kind, run: run))
            }
            if let named = layer.values["method"]?.stringValue, named != method {
                let kept = ConfigurationKey.independentOfMethod.union(Self.networkKeys)
                remove("method '\(named)'", "'\(method)'") { $0 != "method" && !kept.contains($0) }
            }
            if let named = layer.values["preset"]?.stringValue, named != preset {
                let kept = Self.networkKeys.union(["environment", "wrappers", "action_masks", "seed", "method"])
                remove("preset '\(named)'", "'\(preset)'") { $0 != "preset" && !kept.contains($0) }
            }
            if !isSameEnvironment {
                let environment = layer.values["environment"]?.stringValue ?? ""
                remove("environment '\(environment)'", "the new one") { $0 == "target_return" }
            }
            return (layer, removed)
        }
    }
}
