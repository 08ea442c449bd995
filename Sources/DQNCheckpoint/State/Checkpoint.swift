public import DQNModel

/// Everything an exact resume needs, as plain values: what a checkpoint file holds.
///
/// A trainer creates one at a step boundary and passes it to ``ChiefSaver`` or ``CheckpointStore``; loading a file
/// returns one. It contains no clock time and no host name, so that equal states produce identical files.
public struct Checkpoint: Sendable {
    /// The program that wrote the state; conversion preserves this.
    public var writer: Writer
    /// The full resolved configuration, an object; see the key table in `docs/format.md`.
    public var configuration: JSONValue
    /// The network.
    public var architecture: NetworkArchitecture
    /// The online network's parameters in the order of `ParameterLayout`.
    public var online: [Float]
    /// The target network's parameters, if the method has one.
    public var target: [Float]?
    /// The optimiser; `nil` in a stripped file.
    public var optimizer: OptimizerState?
    /// What the run has counted so far.
    public var counters: Counters
    /// The workers' states by index; empty in a file stripped to its policy.
    public var workers: [WorkerState]
    /// The evaluation at this step, if any; it decides which checkpoint is `best`.
    public var evaluation: Evaluation?
    /// The best evaluation of the run so far; the earliest of equal ones.
    public var bestEvaluation: Evaluation?
    /// Whether the run has reached its target return.
    public var reachedTarget: Bool
    /// Running sums for the next row of metrics, by name; finite.
    public var statistics: [String: Double]
    /// The learning curve against agent steps.
    public var history: MetricHistory
    /// The parts that `strip` removed: `replay`, `optimizer`, `training`; empty for a complete checkpoint.
    public var stripped: [String]
    /// State of trainers unknown to this library, in namespaced groups.
    public var extensions: [ExtensionGroup]

    /// Creates a checkpoint value.
    public init(
        writer: Writer, configuration: JSONValue, architecture: NetworkArchitecture, online: [Float],
        target: [Float]? = nil, optimizer: OptimizerState? = nil, counters: Counters = Counters(),
        workers: [WorkerState] = [], evaluation: Evaluation? = nil, bestEvaluation: Evaluation? = nil,
        reachedTarget: Bool = false, statistics: [String: Double] = [:], history: MetricHistory = MetricHistory(),
        stripped: [String] = [],
        extensions: [ExtensionGroup] = []
    ) {
        self.writer = writer
        self.configuration = configuration
        self.architecture = architecture
        self.online = online
        self.target = target
        self.optimizer = optimizer
        self.counters = counters
        self.workers = workers
        self.evaluation = evaluation
        self.bestEvaluation = bestEvaluation
        self.reachedTarget = reachedTarget
        self.statistics = statistics
        self.history = history
        self.stripped = stripped
        self.extensions = extensions
    }
}

/// A program and its version.
public struct Writer: Sendable, Equatable, Codable {
    /// The program's name.
    public var name: String
    /// Its version.
    public var version: String
    private enum CodingKeys: String, CodingKey { case name, version }

    /// Creates a writer.
    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
    /// This library.
    public static let current = Writer(name: "swift-dqn", version: "0.1.0")
}
