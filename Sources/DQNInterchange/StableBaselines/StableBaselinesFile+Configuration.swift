internal import DQNModel

/// The settings of the training by the names of this library, as far as they mean the same.
extension StableBaselinesFile {
    /// A setting whose value carries over if it lies in the range of this library's.
    private struct Setting {
        let theirs: String
        let ours: String
        let range: ClosedRange<Double>

        init(_ theirs: String, _ ours: String, _ range: ClosedRange<Double>) {
            self.theirs = theirs
            self.ours = ours
            self.range = range
        }
    }

    /// The keys of whole numbers.
    private static let integers: Set<String> = [
        "environments_per_worker", "seed", "schedule_steps", "batch_size", "replay_capacity", "learning_starts",
        "target_interval", "segment_length",
    ]

    private static let common = [
        Setting("gamma", "discount", 0...1), Setting("max_grad_norm", "max_gradient_norm", 0...1e9),
        Setting("n_envs", "environments_per_worker", 1...1024), Setting("seed", "seed", 0...Double(Int32.max)),
        Setting("_total_timesteps", "schedule_steps", 1...1e12),
    ]

    private static let ofReplay = [
        Setting("batch_size", "batch_size", 1...65_536), Setting("buffer_size", "replay_capacity", 2...1e9),
        Setting("learning_starts", "learning_starts", 0...1e12), Setting("tau", "target_rate", 1e-6...1),
        Setting("target_update_interval", "target_interval", 1...1e9),
        Setting("exploration_initial_eps", "epsilon_start", 0...1),
        Setting("exploration_final_eps", "epsilon_final", 0...1),
        Setting("exploration_fraction", "epsilon_fraction", 0...1),
    ]

    private static let ofSegments = [
        Setting("n_steps", "segment_length", 1...10_000), Setting("ent_coef", "entropy_coefficient", 0...1e6),
        Setting("vf_coef", "value_coefficient", 0...1e6),
    ]

    /// Returns settings, and sentences about those that do not carry over.
    static func configuration(
        _ data: JSONValue, _ algorithm: Algorithm, _ file: String
    ) -> (settings: [String: JSONValue], notes: [String]) {
        var settings: [String: JSONValue] = [:]
        var notes: [String] = []
        for setting in common + (algorithm == .actorCritic ? ofSegments : ofReplay) {
            guard let value = data[setting.theirs], let number = value.doubleValue, setting.range.contains(number)
            else { continue }
            if !integers.contains(setting.ours) {
                settings[setting.ours] = .number(number)
            } else if value.integerValue != nil {
                settings[setting.ours] = value
            }
        }
        switch algorithm {
        case .dqn, .quantileRegression:
            settings["method"] = .string("dqn")
            settings["double"] = .bool(false)
            settings["loss"] = .string("huber")
            addUpdates(data, to: &settings, &notes, file)
        case .actorCritic:
            settings["method"] = .string("a3c")
            if data["clip_range"] != nil {
                // The steps between two updates of PPO are many more than those of one update here.
                settings["segment_length"] = nil
                notes.append("The policy was trained with PPO; dqn-train --from trains it with a3c.")
            }
        }
        addLearningRate(data, to: &settings, &notes, file)
        return (settings, notes)
    }

    /// Adds when the network is updated. Stable-Baselines3 counts steps of all environments together as one.
    private static func addUpdates(
        _ data: JSONValue, to settings: inout [String: JSONValue], _ notes: inout [String], _ file: String
    ) {
        var frequency = data["train_freq"]?.integerValue
        if frequency == nil, let object = object(data["train_freq"], file) {
            // Objects of TrainFreq are tuples of a number and a unit.
            let parts = object.objectArguments
            guard parts.count == 2, let number = parts[0].number, case .text("step")? = parts[1].objectArguments.first
            else {
                notes.append("The policy was trained at the end of episodes; train_interval is left at its default.")
                return
            }
            frequency = Int(exactly: number)
        }
        let environments = max(data["n_envs"]?.integerValue ?? 1, 1)
        guard let frequency, (1...1_000_000_000).contains(frequency), environments <= 1024 else { return }
        settings["train_interval"] = .integer(Int64(min(frequency * environments, 1_000_000_000)))
        guard let steps = data["gradient_steps"]?.integerValue else { return }
        // −1 stands for one update for each step.
        if (1...1_000_000).contains(steps) || steps == -1 {
            settings["gradient_steps"] = .integer(Int64(max(steps, 0)))
        }
    }

    private static func addLearningRate(
        _ data: JSONValue, to settings: inout [String: JSONValue], _ notes: inout [String], _ file: String
    ) {
        let range = 1e-12...10.0
        if let rate = data["learning_rate"]?.doubleValue {
            if range.contains(rate) { settings["learning_rate"] = .number(rate) }
            return
        }
        guard data["learning_rate"] != nil else { return }
        var schedule = object(data["learning_rate"], file)
        if schedule?.className?.hasSuffix(".FloatSchedule") == true { schedule = schedule?.attribute("value_schedule") }
        func rate(_ name: String) -> Double? {
            schedule?.attribute(name)?.number.flatMap { range.contains($0) ? $0 : nil }
        }
        switch schedule?.className?.split(separator: ".").last {
        case "ConstantSchedule"?:
            guard let value = rate("val") else { break }
            settings["learning_rate"] = .number(value)
            return
        case "LinearSchedule"?:
            guard let start = rate("start"), let end = schedule?.attribute("end")?.number, (0...10).contains(end),
                schedule?.attribute("end_fraction")?.number == 1
            else { break }
            settings["learning_rate"] = .number(start)
            settings["learning_rate_final"] = .number(end)
            return
        default: break
        }
        notes.append("The learning rate of \(file) is a function, which is not run; set it with --set learning_rate=….")
    }
}
