internal import DQNCheckpoint
public import DQNEnvironments
public import DQNModel
internal import DQNSupport

/// A way of training: the plug-in of this library.
///
/// A method registers by name with ``TrainingMethods/register(_:)``; the trainer makes a ``Learner`` of it for each
/// worker and does everything else: environments, steps, evaluation, metrics, checkpoints, the run's life.
public protocol TrainingMethod: Sendable {
    /// The name, as in `--method`.
    var name: String { get }
    /// What the method is, in a few words for people.
    var summary: String { get }
    /// Whether more than one worker may train at once.
    var allowsSeveralWorkers: Bool { get }
    /// Whether there are target parameters, refreshed every `target_interval` agent steps.
    var usesTarget: Bool { get }
    /// Whether each worker has a replay, so that the keys about replays mean something.
    var usesReplay: Bool { get }
    /// Whether the network gives action values, or a policy and a state value.
    var isActorCritic: Bool { get }
    /// Who owns the learners' state in checkpoints, in reverse-domain form: it is kept in an extension group of that
    /// name. `nil` for this library's own methods alone.
    var extensionOwner: String? { get }
    /// Figures of its own that its learners report with ``TrainingStatistics/add(loss:gradientNorm:staleness:others:)``:
    /// they become columns `train/NAME` of `metrics.csv`.
    var metrics: [String] { get }

    /// Sets what the method would have otherwise than the preset `default`, its own options among it; files, `--set` and
    /// flags come after it.
    func applyDefaults(to configuration: inout TrainingConfiguration, for environment: EnvironmentSpecification)

    /// Checks what concerns this method alone, ``TrainingConfiguration/methodOptions`` for one.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the key and the rule.
    func validate(_ configuration: TrainingConfiguration) throws(TrainingError)

    /// Makes the learner of one worker.
    ///
    /// - Throws: whatever keeps it from being made, or from going on from the stored state.
    func makeLearner(_ context: LearnerContext) throws -> any Learner
}

extension TrainingMethod {
    /// One that takes no options of its own.
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

    /// Plug-ins name their own.
    public var extensionOwner: String? { nil }
    /// No figures of its own.
    public var metrics: [String] { [] }
    /// Leaves the preset as it is.
    public func applyDefaults(to configuration: inout TrainingConfiguration, for environment: EnvironmentSpecification)
    {
    }
}

/// The training methods by name; other modules may add theirs.
///
/// Safe to use from any thread.
public enum TrainingMethods {
    /// The names that the configuration key `method` may have, sorted.
    public static var names: [String] { table.withLock { $0.keys.sorted() } }

    /// The method of a name.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) with the nearest name.
    public static func named(_ name: String) throws(TrainingError) -> any TrainingMethod {
        guard let method = table.withLock({ $0[name] }) else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "There is no method '\(name)'; \(NearestName.remedy(for: name, among: names))")
        }
        return method
    }

    /// Adds a method.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) when the name is taken, or when no owner of its checkpoint
    ///   state is named, or one that no file can hold.
    public static func register(_ method: any TrainingMethod) throws(TrainingError) {
        guard let owner = method.extensionOwner else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method '\(method.name)' names no extensionOwner; its state needs a name in checkpoints.")
        }
        guard ExtensionGroup.isOwner(owner) else {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "The extensionOwner '\(owner)' of the method '\(method.name)' is no name in reverse-domain form; "
                    + "use letters, digits, '_', '-' and '.', as in org.example.plugin.")
        }
        let isNew = table.withLock { methods in
            if methods[method.name] != nil { return false }
            methods[method.name] = method
            return true
        }
        guard isNew else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method name '\(method.name)' is taken; register under another one.")
        }
    }

    /// The method that a run trains with unless another one is named: `dqn`.
    package static let standard: any TrainingMethod = StandardDQN()

    private static let table = MethodTable([
        standard, AsynchronousDQN(), AsynchronousQ(), AsynchronousSARSA(), AsynchronousNStepQ(), A3C(),
    ])
}

/// The methods behind their lock.
///
/// `@unchecked Sendable`: `table` is touched only with `lock` held.
private final class MethodTable: @unchecked Sendable {
    private let lock = Lock()
    private var table: [String: any TrainingMethod]

    init(_ methods: [any TrainingMethod]) {
        table = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
    }

    func withLock<Result>(_ body: (inout [String: any TrainingMethod]) -> Result) -> Result {
        lock.withLock { body(&table) }
    }
}
