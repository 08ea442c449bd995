internal import DQNModel

/// Reads models of Stable-Baselines 2: an archive with the settings as JSON and TensorFlow's variables as arrays.
enum OlderStableBaselinesFile {
    /// Whether an archive is such a model.
    static func isModel(_ archive: ZipArchive) -> Bool {
        archive.contains("data") && archive.contains("parameters") && archive.contains("parameter_list")
    }

    /// Reads an archive.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    static func model(
        _ archive: ZipArchive, _ options: ImportOptions, _ file: String
    ) throws(InterchangeError) -> StableBaselinesFile.Model {
        let data = try StableBaselinesFile.data(archive, file)
        let arrays = try ZipArchive(try archive.required("parameters"), "'parameters' of \(file)")
        let modules = try modules(try NumPyArray.read(arrays, "'parameters' of \(file)"), file)
        if modules.contains(where: { $0.path.last?.hasPrefix("LayerNorm") == true }) {
            throw .notRepresentable(
                "\(file) has layer normalisations with ε = 10⁻¹²; those of networks here have 10⁻⁵.")
        }
        if data["action_space"]?["low"] != nil || modules.contains(where: { $0.name.contains("logstd") }) {
            throw .notRepresentable("\(file) has continuous actions; networks here choose one of several actions.")
        }
        let plan = plan(modules)
        guard let plan else {
            throw .notRepresentable(
                "\(file) has no network of DQN, PPO2 or A2C, but \(modules.prefix(8).map(\.name).joined(separator: ", "))."
            )
        }
        var facts = NetworkFacts()
        if options.activation == nil {
            facts.activation = try activation(
                data["policy_kwargs"]?["act_fun"], plan.policy.isEmpty ? .relu : .tanh, file)
        }
        if data["policy_kwargs"]?["cnn_extractor"] != nil {
            throw .notRepresentable("\(file) extracts features with code of its own, which would have to be run.")
        }
        try StableBaselinesFile.addInput(data["observation_space"] ?? .null, to: &facts, file)
        facts.areChannelsLast = true
        if plan.trunk.first?.shape.count == 4 {
            // NatureCNN has its own activation.
            facts.extractorActivation = .relu
        } else {
            // Pixels are scaled for convolutions alone.
            facts.scalesPixels = false
        }
        return StableBaselinesFile.Model(
            facts: facts, plan: plan, weights: .null, settings: settings(data, plan), agentSteps: 0)
    }

    /// Groups variables such as `deepq/model/action_value/fully_connected_1/weights:0`. Targets are left out.
    private static func modules(_ value: ForeignValue, _ file: String) throws(InterchangeError) -> [ForeignModule] {
        guard case .dictionary(let members) = value else { return [] }
        var modules: [ForeignModule] = []
        for (key, value) in members {
            guard case .tensor(let tensor) = value, key.utf8.count <= ForeignLimit.nameBytes else { continue }
            var path = key.split(separator: "/").map { String($0.prefix { $0 != ":" }) }
            if path.contains("target_q_func") || path.contains("target") { continue }
            let part = path.popLast() ?? ""
            let place = modules.firstIndex { $0.path == path } ?? modules.count
            if place == modules.count {
                guard modules.count < 1024 else { throw .malformed("\(file) has more than 1024 layers.") }
                var module = ForeignModule(path: path)
                module.order = .outputsLast
                modules.append(module)
            }
            switch part {
            case "w", "weights", "kernel": modules[place].weight = tensor
            case "b", "biases", "bias":
                modules[place].bias = try ForeignTensor(
                    tensor.element, [tensor.count], tensor.bytes, "'\(key)' of \(file)")
            default: modules[place].others.append(part)
            }
        }
        return modules.sorted { NaturalOrder.precedes($0.name, $1.name) }
    }

    private static func plan(_ modules: [ForeignModule]) -> NetworkPlan? {
        let layers = modules.filter { [2, 4].contains($0.shape.count) }
        func named(_ prefix: String, in scope: String? = nil) -> [ForeignModule] {
            layers.filter {
                $0.path.last?.hasPrefix(prefix) == true && (scope.map($0.path.contains) ?? true)
            }
        }
        func exactly(_ name: String) -> [ForeignModule] { layers.filter { $0.path.last == name } }
        let pictures = exactly("c1") + exactly("c2") + exactly("c3") + exactly("fc1")
        let (values, states) = (
            named("fully_connected", in: "action_value"), named("fully_connected", in: "state_value")
        )
        if !values.isEmpty {
            return states.isEmpty
                ? NetworkPlan(pictures + values) : NetworkPlan(trunk: pictures, value: states, advantage: values)
        }
        return NetworkPlan(
            trunk: pictures + named("shared_fc"), policy: named("pi_fc") + exactly("pi"),
            value: named("vf_fc") + exactly("vf"))
    }

    private static func activation(
        _ value: JSONValue?, _ standard: NetworkArchitecture.Activation, _ file: String
    ) throws(InterchangeError) -> NetworkArchitecture.Activation {
        guard let value, value != .null else { return standard }
        let text = value.stringValue ?? value[":type:"]?.stringValue ?? "an unknown function"
        // Functions have addresses: <function relu at 0x7f2a>.
        let name = text.split(separator: " ").dropFirst().first.map(String.init) ?? text
        let known = ["swish": NetworkArchitecture.Activation.silu, "identity": .identity]
        guard let activation = known[name] ?? NetworkArchitecture.Activation(rawValue: name) else {
            throw .notRepresentable(
                "\(file) has the activation \(text), which networks here do not have; if it is one of theirs under another "
                    + "name, set it with --activation.")
        }
        return activation
    }

    private static func settings(_ data: JSONValue, _ plan: NetworkPlan) -> [String: JSONValue] {
        var settings: [String: JSONValue] = ["method": .string(plan.policy.isEmpty ? "dqn" : "a3c")]
        func add(_ theirs: String, _ ours: String, _ range: ClosedRange<Double>, isInteger: Bool = false) {
            guard let value = data[theirs], let number = value.doubleValue, range.contains(number),
                !isInteger || value.integerValue != nil
            else { return }
            settings[ours] = isInteger ? value : .number(number)
        }
        add("gamma", "discount", 0...1)
        add("learning_rate", "learning_rate", 1e-12...10)
        guard plan.policy.isEmpty else { return settings }
        settings["double"] = data["double_q"] == .bool(true) ? .bool(true) : .bool(false)
        add("buffer_size", "replay_capacity", 2...1e9, isInteger: true)
        add("batch_size", "batch_size", 1...65_536, isInteger: true)
        add("learning_starts", "learning_starts", 0...1e12, isInteger: true)
        add("train_freq", "train_interval", 1...1e9, isInteger: true)
        add("target_network_update_freq", "target_interval", 1...1e9, isInteger: true)
        add("exploration_fraction", "epsilon_fraction", 0...1)
        add("exploration_final_eps", "epsilon_final", 0...1)
        return settings
    }
}
