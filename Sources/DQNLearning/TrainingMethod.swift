public import DQNEnvironments
public import DQNModel

/// A training method: the plug-in interface of this library.
///
/// ``TrainingMethods/register(_:)`` registers a method under its name. The trainer then asks the method for one
/// ``Learner`` per worker and does everything else: environments, steps, evaluation, metrics and checkpoints.
public protocol TrainingMethod: Sendable {
    /// The name, as in `--method`.
    var name: String { get }
    /// A description in a few words.
    var summary: String { get }
    /// Whether more than one worker may train at once.
    var allowsSeveralWorkers: Bool { get }
    /// Whether the method uses target parameters, refreshed every `target_interval` agent steps.
    var usesTarget: Bool { get }
    /// Whether each worker has a replay; without one, the replay's configuration keys are rejected.
    var usesReplay: Bool { get }
    /// Whether the network outputs a policy and a state value instead of action values.
    var isActorCritic: Bool { get }
    /// The owner of the learners' state in checkpoints, in reverse-domain form, such as `org.example.plugin`.
    ///
    /// Checkpoints keep the state in an extension group of this name. `nil` is for the built-in methods only.
    var extensionOwner: String? { get }
    /// The names of the method's own metrics, which its learners report with ``TrainingStatistics/add(_:to:)``.
    ///
    /// Each one becomes a column `train/NAME` of `metrics.csv`.
    var metrics: [String] { get }

    /// Changes the settings of the preset `default` to the method's own defaults, including its `method_options`.
    ///
    /// The other presets have settings of their own and use only the options. Configuration files, `--set` and flags
    /// override both.
    func applyDefaults(to configuration: inout TrainingConfiguration, for environment: EnvironmentSpecification)

    /// Checks the settings of this method, such as ``TrainingConfiguration/methodOptions``.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the key and the rule.
    func validate(_ configuration: TrainingConfiguration) throws(TrainingError)

    /// Creates the learner of one worker.
    ///
    /// - Throws: Any error, including the plug-in's own: the learner cannot be created or cannot restore its state.
    func makeLearner(_ context: LearnerContext) throws -> any Learner
}

extension TrainingMethod {
    /// Rejects every option: the default for a method that has none.
    public func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
        try requireNoOptions(configuration)
    }

    func requireNoOptions(_ configuration: TrainingConfiguration) throws(TrainingError) {
        guard configuration.methodOptions.isEmpty else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method '\(name)' has no options of its own; leave 'method_options' empty.")
        }
    }

    /// No metrics of its own.
    public var metrics: [String] { [] }
    /// Leaves the preset unchanged.
    public func applyDefaults(to configuration: inout TrainingConfiguration, for environment: EnvironmentSpecification)
    {
    }

    // Not public: a plug-in that names no owner does not compile.
    package var extensionOwner: String? { nil }
}
