internal import DQNModel

/// Reads models that Stable-Baselines3 and sb3-contrib save: an archive with the settings as JSON and the weights as a
/// file of PyTorch. Of the pickles within the JSON those are read that mention known names alone.
enum StableBaselinesFile {
    /// What trained a policy.
    enum Algorithm {
        case dqn
        case quantileRegression
        /// PPO, A2C and their kin, with a policy and a value.
        case actorCritic
    }

    /// Whether an archive is such a model.
    static func isModel(_ archive: ZipArchive) -> Bool {
        archive.contains("data")
            && (archive.contains("policy.pth") || archive.contains("_stable_baselines3_version"))
    }

    /// The settings and the weights.
    static func read(
        _ archive: ZipArchive, _ file: String
    ) throws(InterchangeError) -> (data: JSONValue, weights: ForeignValue) {
        let data = try data(archive, file)
        let module = moduleName(data)
        if module.hasPrefix("sbx.") {
            throw .notRepresentable(
                "\(file) was saved by SBX, whose weights are within a pickle of JAX that would have to be run; save them as "
                    + "arrays: p = model.policy.qf_state.params['params']; numpy.savez('weights.npz', **{f'{k}_{n}': "
                    + "(v['kernel'].T if n == 'weight' else v['bias']) for k, v in p.items() for n in ('weight', 'bias')})"
            )
        }
        let weights = try archive.required("policy.pth")
        return (data, try TorchFile.read(weights, "'policy.pth' of \(file)", within: archive))
    }

    /// The settings.
    static func data(_ archive: ZipArchive, _ file: String) throws(InterchangeError) -> JSONValue {
        let text = Array(try archive.required("data"))
        do { return try JSONText.value(of: text, valueLimit: 1 << 20) } catch {
            throw .malformed("The file 'data' of \(file) cannot be read: \(error).")
        }
    }

    /// The module of the policy's class.
    static func moduleName(_ data: JSONValue) -> String {
        data["policy_class"]?["__module__"]?.stringValue ?? "an unknown class"
    }

    /// Returns the algorithm.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`) for the others, with the reason.
    static func algorithm(_ data: JSONValue, _ file: String) throws(InterchangeError) -> Algorithm {
        let module = moduleName(data)
        let policy = className(data["policy_class"], file) ?? module
        if policy.hasSuffix("MultiInputPolicy") || policy.hasSuffix("MultiInputActorCriticPolicy")
            || data["observation_space"]?["spaces"] != nil
        {
            throw .notRepresentable(
                "\(file) has a MultiInputPolicy, whose observations are dictionaries; networks here have one input.")
        }
        if data["action_space"]?["nvec"] != nil {
            throw .notRepresentable("\(file) takes several actions at once (MultiDiscrete); networks here take one.")
        }
        let isContinuous =
            [".td3.", ".ddpg.", ".sac.", ".tqc.", ".crossq."].contains { module.contains($0) }
            || (data["action_space"]?["low"] ?? data["action_space"]?["low_repr"]) != nil
        if isContinuous {
            throw .notRepresentable(
                "\(file) has continuous actions ('\(module)'); networks here choose one of several actions.")
        }
        if module.contains(".recurrent.") {
            throw .notRepresentable("\(file) has recurrent layers ('\(module)'), which networks here do not have.")
        }
        if module.hasPrefix("sb3_contrib.qrdqn") { return .quantileRegression }
        if module.hasPrefix("stable_baselines3.dqn.") { return .dqn }
        let isActorCritic =
            module.hasPrefix("stable_baselines3.common.policies")
            || module.hasPrefix("sb3_contrib.common.maskable.policies")
            || ["ppo", "a2c"].contains { module.hasPrefix("stable_baselines3.\($0).") }
        guard isActorCritic else {
            throw .notRepresentable(
                "\(file) has a policy of '\(module)'; those of DQN, QR-DQN, PPO and A2C can be imported. If it is made of "
                    + "layers alone, extract 'policy.pth' from the archive and import that.")
        }
        return .actorCritic
    }
}
