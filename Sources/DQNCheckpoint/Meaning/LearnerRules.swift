internal import DQNModel

/// Rule 30: the arrays that a built-in method keeps for a worker fit the network, the settings and the counters.
///
/// Only arrays that are present are judged: a learner refuses the lack of one that it needs.
struct LearnerRules {
    private let method: BuiltInMethod
    private let learner: StateSnapshot
    private let path: String
    private let configuration: JSONValue
    private let optimizer: String?
    private let parameters: Int
    private let actions: Int
    private let bytesPerObservation: Int
    private let environments: Int
    private let agentSteps: Int
    private let isRunning: Bool
    private let mostUpdates: Int
    private let mostSteps: Int

    init(
        method: BuiltInMethod, learner: StateSnapshot, worker: WorkerState, path: String, checkpoint: Checkpoint,
        isWhole: Bool
    ) {
        self.method = method
        self.learner = learner
        self.path = path
        configuration = checkpoint.configuration
        let counters = checkpoint.counters
        optimizer = checkpoint.configuration["optimizer"]?.stringValue
        parameters = checkpoint.online.count
        actions = checkpoint.architecture.actionCount
        bytesPerObservation = checkpoint.architecture.input.byteCount
        environments = worker.additionalEnvironments.count + 1
        agentSteps = worker.agentSteps
        isRunning = worker.status == .running && isWhole
        // The counters of a damaged file may be lost.
        (mostUpdates, mostSteps) = isWhole ? (counters.gradientUpdates, counters.agentSteps) : (.max, .max)
    }

    /// What is wrong, as a sentence.
    var complaint: String? {
        guard learner.kind == method.rawValue, learner.version == 1 || learner.version == 2 else {
            return "/\(path) holds the state of '\(learner.kind)' version \(learner.version), but the run's method is "
                + "'\(method.rawValue)', whose versions are 1 and 2."
        }
        return copyComplaint ?? optimizerComplaint ?? priorityComplaint ?? updateComplaint ?? actionComplaint
            ?? segmentComplaint
    }

    /// θ′, and when it was copied.
    private var copyComplaint: String? {
        if case .float32(let values)? = learner.values["parameters"], values.count != parameters, parameters > 0 {
            return "/\(path)/parameters has \(values.count) values, but the network has \(parameters) parameters."
        }
        if let complaint = single("pulled_at", 0...mostUpdates, "the run's gradient updates") {
            return complaint
        }
        guard let interval = configuration.count("refresh_interval", 1...1_000_000, standard: 1) else { return nil }
        return single("updates_until_refresh", 1...interval, "the refresh_interval")
    }

    private var optimizerComplaint: String? {
        if let complaint = single("optimizer_steps", 0...CounterRules.largest, "2^52") { return complaint }
        let prefix = "optimizer."
        var slots: [String: [Float]] = [:]
        for (name, value) in learner.values where name.hasPrefix(prefix) {
            guard case .float32(let values) = value, values.count == parameters || parameters == 0 else {
                return "/\(path)/\(name) does not have one float32 for each of the network's \(parameters) parameters."
            }
            slots[String(name.dropFirst(prefix.count))] = values
        }
        guard !slots.isEmpty, let optimizer else { return nil }
        return OptimizerRules.complaint(about: slots, of: optimizer, "/\(path)/\(prefix)")
    }

    private var priorityComplaint: String? {
        guard let value = learner.values["largest_priority"] else { return nil }
        if case .float64(let values) = value, values.count == 1, values[0].isFinite, values[0] > 0 { return nil }
        return "/\(path)/largest_priority must be one positive float64."
    }

    /// The update that was cut short: version 2, and nothing else, has one.
    private var updateComplaint: String? {
        guard let value = learner.values["open_update"] else {
            return learner.version == 2 ? "/\(path)/open_update is missing from version 2 of the state." : nil
        }
        guard learner.version == 2 else { return "/\(path)/open_update belongs to version 2 of the state." }
        guard case .int64(let numbers) = value, numbers.count == 3 else {
            return "/\(path)/open_update must be three int64."
        }
        let (taken, steps, total) = (numbers[0], numbers[1], numbers[2])
        guard taken >= 0, taken < steps, total >= 0, total <= mostSteps, isPossible(steps) else {
            return
                "/\(path)/open_update has taken \(taken) of \(steps) gradient steps at agent step \(total), which no "
                + "update of '\(method.rawValue)' in this run can have."
        }
        return nil
    }

    /// Whether an update of the method can have a number of gradient steps.
    private func isPossible(_ steps: Int64) -> Bool {
        switch method {
        case .dqn, .asynchronousDQN:
            guard let interval = configuration.count("train_interval", 1...1_000_000_000, standard: 1),
                let own = configuration.count("gradient_steps", 0...1_000_000, standard: 0)
            else { return true }
            let perPhase = Int64(own == 0 ? interval : own)
            // A round of N environments has at most N training phases.
            return steps % perPhase == 0 && steps / perPhase <= 4096
        case .parallelQ:
            // A conversion to 2.0 drops these keys.
            guard configuration["epochs"] != nil, let epochs = configuration.count("epochs", 1...1000, standard: 2),
                let minibatches = configuration.count("minibatches", 1...65_536, standard: 4)
            else { return true }
            return steps == Int64(epochs * minibatches)
        case .asynchronousQ, .asynchronousSARSA, .asynchronousNStepQ, .advantageActorCritic: return steps == 1
        }
    }

    private var actionComplaint: String? {
        let names: [(name: String, lowest: Int64)] = [
            ("segment.actions", 0), ("segment.next_actions", -1), ("next_action", -1),
        ]
        for (name, lowest) in names {
            guard let value = learner.values[name] else { continue }
            guard case .int64(let numbers) = value else { return "/\(path)/\(name) must be int64." }
            if let action = numbers.first(where: { !(lowest..<Int64(actions)).contains($0) }) {
                return "/\(path)/\(name) contains \(action), but the network has \(actions) actions."
            }
        }
        return nil
    }

    /// Checks one integer.
    ///
    /// - Parameter bound: What the upper bound is.
    private func single(_ name: String, _ range: ClosedRange<Int>, _ bound: String) -> String? {
        guard let value = learner.values[name] else { return nil }
        guard case .int64(let numbers) = value, numbers.count == 1 else { return "/\(path)/\(name) must be one int64." }
        if range.contains(Int(numbers[0])) { return nil }
        return
            "/\(path)/\(name) is \(numbers[0]); it must be from \(range.lowerBound) to \(range.upperBound), \(bound)."
    }

    /// The open segment: k steps.
    private var segmentComplaint: String? {
        let count: Int
        switch learner.values["segment.actions"] {
        case .int64(let actions)?: count = actions.count
        case nil: count = 0
        default: return "/\(path)/segment.actions must be int64."
        }
        // The steps of several environments come in rounds, and the worker's next step continues the round.
        if isRunning, !method.usesReplay, environments > 1, count % environments != agentSteps % environments {
            return "/\(path) has an open segment of \(count) steps, but the worker's \(agentSteps) agent steps end "
                + "elsewhere in a round of \(environments) environments."
        }
        guard count > 0 else { return nil }
        let lengths = [
            ("segment.rewards", count), ("segment.ends", count), ("segment.next_actions", count),
            ("segment.values", count), ("segment.targets", count),
        ]
        for (name, expected) in lengths {
            guard let value = learner.values[name], value.count != expected else { continue }
            return "/\(path)/\(name) has \(value.count) values for a segment of \(expected) steps."
        }
        if case .uint8(let ends)? = learner.values["segment.ends"], let end = ends.first(where: { $0 > 2 }) {
            return "/\(path)/segment.ends contains \(end); a step ends with 0, 1 or 2."
        }
        for name in ["segment.observations", "segment.finals"] {
            guard let value = learner.values[name] else { continue }
            guard case .uint8(let bytes) = value, bytes.count % max(bytesPerObservation, 1) == 0 else {
                return "/\(path)/\(name) does not consist of observations of \(bytesPerObservation) bytes."
            }
        }
        return nil
    }
}

extension StateSnapshot.Value {
    /// The number of elements.
    fileprivate var count: Int {
        switch self {
        case .float64(let values): values.count
        case .float32(let values): values.count
        case .int64(let values): values.count
        case .uint64(let values): values.count
        case .uint8(let values): values.count
        }
    }
}
