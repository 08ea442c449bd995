internal import DQNModel

/// Networks with a policy and a value, as PPO, A2C and their kin save them.
extension StableBaselinesFile {
    /// Arranges the weights of an `ActorCriticPolicy` with discrete actions.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`).
    static func actorCritic(_ weights: ForeignValue, _ file: String) throws(InterchangeError) -> NetworkPlan {
        var modules: [ForeignModule] = []
        for dictionary in try StateDictionary.all(in: weights, file) {
            modules += try ForeignModule.all(in: dictionary, file)
        }
        func below(_ names: [String]...) -> [ForeignModule] {
            names.flatMap { name in modules.filter { $0.path.starts(with: name) } }
        }
        for module in modules {
            if module.path.first == "log_std" || module.others.contains("log_std") {
                throw .notRepresentable(
                    "\(file) has continuous actions; networks here choose one of several actions.")
            }
            if let words = module.unsupported {
                throw .notRepresentable(
                    "'\(module.name)' of \(file) is \(words), which networks here do not have.")
            }
        }
        var extractor = below(["features_extractor"])
        for name in ["pi_features_extractor", "vf_features_extractor"] {
            let other = below([name])
            if other.isEmpty { continue }
            if extractor.isEmpty { extractor = other }
            let isEqual =
                extractor.count == other.count
                && zip(extractor, other).allSatisfy {
                    $0.path.dropFirst() == $1.path.dropFirst() && $0.weight == $1.weight && $0.bias == $1.bias
                }
            guard isEqual else {
                throw .notRepresentable(
                    "\(file) extracts features for the policy and for the value with two networks "
                        + "(share_features_extractor=False); networks here share all convolutions.")
            }
        }
        let plan = NetworkPlan(
            trunk: extractor + below(["mlp_extractor", "shared_net"]),
            policy: below(["mlp_extractor", "policy_net"], ["action_net"]),
            value: below(["mlp_extractor", "value_net"], ["value_net"]))
        guard let plan else {
            throw .notRepresentable(
                "The layers of \(file) are not those of an ActorCriticPolicy: "
                    + "\(modules.prefix(8).map(\.name).joined(separator: ", ")).")
        }
        return plan
    }
}
