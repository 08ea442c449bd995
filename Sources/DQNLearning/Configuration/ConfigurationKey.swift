internal import DQNModel
internal import DQNNetwork

/// One key of a configuration: its name, its meaning, and how its JSON value is read, checked and written.
public struct ConfigurationKey: Sendable {
    /// The key in configuration files, in `--set` and in checkpoints.
    public let name: String
    /// What values are allowed, for people.
    public let allowed: String
    /// What the key means, with its unit.
    public let help: String
    let read: @Sendable (TrainingConfiguration) -> JSONValue
    /// Returns whether the value is allowed.
    let write: @Sendable (inout TrainingConfiguration, JSONValue) -> Bool

    static func integer(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Int> & Sendable, _ range: ClosedRange<Int>,
        _ help: String
    ) -> Self {
        Self(name: name, allowed: "integer \(range.lowerBound)…\(range.upperBound)", help: help) {
            .integer(Int64($0[keyPath: path]))
        } write: { configuration, value in
            // 1e6 is a fine way to write a million.
            guard let number = value.integerValue ?? value.doubleValue.flatMap({ Int(exactly: $0) }),
                range.contains(number)
            else { return false }
            configuration[keyPath: path] = number
            return true
        }
    }

    static func number(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Double> & Sendable, _ range: ClosedRange<Double>,
        _ help: String
    ) -> Self {
        Self(name: name, allowed: "number \(range.lowerBound)…\(range.upperBound)", help: help) {
            .number($0[keyPath: path])
        } write: { configuration, value in
            guard let number = value.doubleValue, range.contains(number) else { return false }
            configuration[keyPath: path] = number
            return true
        }
    }

    static func optionalNumber(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Double?> & Sendable,
        _ range: ClosedRange<Double>, _ help: String
    ) -> Self {
        Self(name: name, allowed: "number \(range.lowerBound)…\(range.upperBound), or null", help: help) {
            $0[keyPath: path].map(JSONValue.number) ?? .null
        } write: { configuration, value in
            if value == .null {
                configuration[keyPath: path] = nil
                return true
            }
            guard let number = value.doubleValue, range.contains(number) else { return false }
            configuration[keyPath: path] = number
            return true
        }
    }

    static func boolean(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Bool> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "true or false", help: help) {
            .bool($0[keyPath: path])
        } write: { configuration, value in
            guard case .bool(let flag) = value else { return false }
            configuration[keyPath: path] = flag
            return true
        }
    }

    static func text(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, String> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "text", help: help) {
            .string($0[keyPath: path])
        } write: { configuration, value in
            guard let text = value.stringValue, !text.isEmpty else { return false }
            configuration[keyPath: path] = text
            return true
        }
    }

    static func texts(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, [String]> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "a JSON array of texts, or texts with spaces between", help: help) {
            .array($0[keyPath: path].map(JSONValue.string))
        } write: { configuration, value in
            let words = value.stringValue?.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let texts = words ?? value.stringArrayValue else { return false }
            configuration[keyPath: path] = texts
            return true
        }
    }

    static func options(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, [String: JSONValue]> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "a JSON object", help: help) {
            .object($0[keyPath: path])
        } write: { configuration, value in
            guard case .object(let members) = value else { return false }
            configuration[keyPath: path] = members
            return true
        }
    }

    static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Choice> & Sendable, _ help: String
    ) -> Self where Choice.RawValue == String {
        Self(name: name, allowed: Choice.allCases.map(\.rawValue).joined(separator: " or "), help: help) {
            .string($0[keyPath: path].rawValue)
        } write: { configuration, value in
            guard let choice = value.stringValue.flatMap(Choice.init(rawValue:)) else { return false }
            configuration[keyPath: path] = choice
            return true
        }
    }
}

extension ConfigurationKey {
    /// Keys that older files do not have yet, by when they came; there they have the values of
    /// ``TrainingConfiguration/init()``.
    static let additions: [Set<String>] = [addedSince1_0, ["wrappers"]]

    private static let addedSince1_0: Set<String> = [
        "method_options", "workers", "worker_steps", "epsilon_assignment", "epsilon_resample_interval", "dueling",
        "n_step", "prioritized", "priority_exponent", "priority_correction", "priority_epsilon", "refresh_interval",
        "segment_length", "entropy_coefficient", "value_coefficient", "shared_statistics",
    ]

    /// Every key, in the order of the documentation.
    public static let all: [ConfigurationKey] = [
        text("environment", \.environment, "id of the environment"),
        texts(
            "wrappers", \.wrappers,
            "wrappers around the environment, the innermost first: action-repeat:4 time-limit:1000 reward-clip"),
        text("method", \.method, "training method"),
        options("method_options", \.methodOptions, "settings of a plug-in method's own"),
        text("preset", \.preset, "preset that the settings came from"),
        text("network", \.network, "hidden layers: mlp:64,64, nature-cnn, nips-cnn, small-cnn or conv:16k3s1/fc128"),
        integer("seed", \.seed, 0...Int(Int32.max), "seed of every random stream"),
        integer(
            "schedule_steps", \.scheduleSteps, 1...1_000_000_000_000,
            "agent steps over which epsilon and the learning rate move"),
        integer("frame_stack", \.frameStack, 1...64, "observations that the network sees at once"),
        integer("workers", \.workers, 1...4096, "actor-learners that run at once"),
        integer(
            "worker_steps", \.workerSteps, 0...1_000_000_000_000,
            "agent steps after which a worker is finished, whatever the others do; 0 has no such limit"),
        integer("compute_threads", \.computeThreads, 1...1024, "threads that divide a batch among them"),
        number("learning_rate", \.learningRate, 1e-12...10, "step size of the optimiser"),
        optionalNumber(
            "learning_rate_final", \.learningRateFinal, 0...10,
            "step size at the end of the schedule, reached linearly; null keeps learning_rate"),
        integer("batch_size", \.batchSize, 1...65_536, "transitions of one gradient update"),
        integer("replay_capacity", \.replayCapacity, 2...1_000_000_000, "slots of each worker's replay"),
        integer(
            "learning_starts", \.learningStarts, 0...1_000_000_000_000,
            "agent steps with random actions; methods with a replay learn nothing before"),
        number("discount", \.discount, 0...1, "discount of the next step's value"),
        integer("target_interval", \.targetInterval, 1...1_000_000_000, "agent steps between target refreshes"),
        number("target_rate", \.targetRate, 1e-6...1, "how far a refresh moves the target; 1 copies"),
        integer("train_interval", \.trainInterval, 1...1_000_000_000, "agent steps between trainings"),
        integer(
            "gradient_steps", \.gradientSteps, 0...1_000_000, "updates at each training; 0 means train_interval of them"
        ),
        number("epsilon_start", \.epsilonStart, 0...1, "probability of a random action at the start"),
        number("epsilon_final", \.epsilonFinal, 0...1, "probability of a random action at the end"),
        number("epsilon_fraction", \.epsilonFraction, 0...1, "fraction of schedule_steps over which epsilon falls"),
        choice(
            "epsilon_assignment", \.epsilonAssignment, "epsilon_final for all workers, or each draws 0.1, 0.01 or 0.5"),
        integer(
            "epsilon_resample_interval", \.epsilonResampleInterval, 0...1_000_000_000_000,
            "a worker's agent steps between draws of its final epsilon, where drawn; 0 draws once"),
        boolean("double", \.doubleDQN, "Double DQN: the online network chooses the next action"),
        boolean("dueling", \.dueling, "a stream for the state's value and one for the actions' advantages"),
        integer("n_step", \.nStep, 1...1000, "rewards added up before bootstrapping; methods with a replay"),
        boolean("prioritized", \.prioritized, "transitions are drawn by their errors; methods with a replay"),
        number("priority_exponent", \.priorityExponent, 0...1, "how much errors matter in drawing; 0 is uniform"),
        number(
            "priority_correction", \.priorityCorrection, 0...1,
            "exponent of the importance weights at the start; it rises to 1 over schedule_steps"),
        number("priority_epsilon", \.priorityEpsilon, 1e-12...1, "added to each error before the exponent"),
        integer("refresh_interval", \.refreshInterval, 1...1_000_000, "a worker's updates between copies; async-dqn"),
        integer("segment_length", \.segmentLength, 1...10_000, "steps between updates; methods without a replay"),
        number("entropy_coefficient", \.entropyCoefficient, 0...1e6, "weight of the policy's entropy; a3c"),
        number("value_coefficient", \.valueCoefficient, 0...1e6, "weight of the value's squared error; a3c"),
        boolean("shared_statistics", \.sharesStatistics, "all workers share the optimiser's averages"),
        choice("loss", \.loss, "loss of the Q-values, averaged over the batch"),
        number("max_gradient_norm", \.maximumGradientNorm, 0...1e9, "largest norm of a gradient; 0 does not clip"),
        choice("optimizer", \.optimizer.kind, "optimiser"),
        number("adam_beta1", \.optimizer.beta1, 0...0.999999, "Adam's decay of the first moment"),
        number("adam_beta2", \.optimizer.beta2, 0...0.999999, "Adam's decay of the second moment"),
        number("rmsprop_decay", \.optimizer.decay, 0...0.999999, "RMSProp's decay of its averages"),
        boolean("rmsprop_centred", \.optimizer.centred, "RMSProp subtracts the squared mean gradient"),
        number("optimizer_epsilon", \.optimizer.epsilon, 1e-30...1, "small constant of the optimiser's denominator"),
        integer(
            "evaluation_interval", \.evaluationInterval, 0...1_000_000_000_000,
            "agent steps between evaluations; 0 never evaluates"),
        integer("evaluation_episodes", \.evaluationEpisodes, 1...100_000, "episodes of an evaluation"),
        number("evaluation_epsilon", \.evaluationEpsilon, 0...1, "probability of a random action in an evaluation"),
        integer(
            "evaluation_max_steps", \.evaluationMaximumSteps, 0...1_000_000_000,
            "longest evaluation episode in agent steps; 0 has no limit of its own"),
        optionalNumber(
            "target_return", \.targetReturn, -1e12...1e12, "mean evaluation return at which the run ends early"),
        integer("log_interval", \.logInterval, 1...1_000_000_000, "agent steps between rows of the metrics"),
    ]
}
