internal import DQNCheckpoint
public import DQNLearning
internal import DQNModel
internal import DQNSupport

/// The chief of a run: leases steps to workers, evaluates, and writes metrics and checkpoints.
@_spi(Distributed) public final class ChiefRole: Sendable {
    /// How a run is shared.
    @_spi(Distributed) public struct Settings: Sendable {
        /// The number of shards.
        @_spi(Distributed) public var shards = 1
        /// How long a process may be silent.
        @_spi(Distributed) public var patience = Duration.seconds(5)
        /// How long the chief waits for shards, and for the workers that the run starts with.
        @_spi(Distributed) public var startTimeout = Duration.seconds(60)
        /// Updates after which a gradient is too old to be applied; `nil` applies all.
        @_spi(Distributed) public var maximumStaleness: Int?
        /// The gradients that a process averages before it sends them.
        @_spi(Distributed) public var accumulation = 1
        /// Whether floats travel with half precision.
        @_spi(Distributed) public var usesHalf = false

        /// Creates settings for one shard.
        @_spi(Distributed) public init() {}

        fileprivate var desk: ChiefDesk.Settings {
            var settings = ChiefDesk.Settings()
            settings.shards = shards
            settings.patience = patience
            settings.startTimeout = startTimeout
            settings.maximumStaleness = maximumStaleness
            settings.exchange.accumulation = accumulation
            settings.exchange.usesHalf = usesHalf
            return settings
        }
    }

    private let desk: ChiefDesk
    private let connect: @Sendable (_ name: String, _ address: String) throws -> any ShardLink

    /// Creates a role, which ``open(_:)`` may be called on at once.
    ///
    /// - Parameters:
    ///   - report: receives a line for each process that is lost or refused.
    ///   - connect: opens a connection to a shard, which may be lost at any time.
    @_spi(Distributed) public init(
        _ settings: Settings, report: @escaping @Sendable (String) -> Void,
        connect: @escaping @Sendable (_ name: String, _ address: String) throws -> any ShardLink
    ) {
        desk = ChiefDesk(settings.desk, release: Writer.current.version, log: report)
        self.connect = connect
    }

    /// Opens the control stream of a process.
    @_spi(Distributed) public func open(_ channel: any ControlChannel) -> any ControlReceiver { desk.open(channel) }

    /// Divides a run among the shards that have joined, and brings its workers; for the run's `makeStore`.
    ///
    /// It waits for shards and workers, and throws `TrainingError` (`invalidConfiguration`) if the run's settings do not
    /// suit several processes.
    @_spi(Distributed) public var makeStore: ParameterStoreFactory {
        { [desk, connect] configuration, layout, state in
            do {
                return try ChiefStore(desk, configuration, layout, state, connect: connect)
            } catch let error as ClusterError where error.code == .invalidCluster {
                throw TrainingError(code: .invalidConfiguration, message: error.message, underlying: error)
            }
        }
    }

    /// Ends all processes, after the run.
    ///
    /// - Parameter failure: why the run has failed; `nil` if it is complete, or interrupted and saved.
    @_spi(Distributed) public func end(failure: String?) {
        desk.end(failure == nil ? .ended : .failed, failure ?? "the run is over")
    }
}
