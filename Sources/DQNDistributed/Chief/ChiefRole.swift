internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import DQNTraining
internal import Foundation
internal import Logging

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
    private let write: @Sendable (_ level: String, _ message: String) -> Void
    private let connect: @Sendable (_ name: String, _ address: String) throws -> any ShardLink

    /// Creates a role, which ``open(_:)`` may be called on at once.
    ///
    /// - Parameters:
    ///   - write: receives messages with their levels, such as `warning`.
    ///   - connect: opens a connection to a shard, which may be lost at any time.
    @_spi(Distributed) public init(
        _ settings: Settings, write: @escaping @Sendable (_ level: String, _ message: String) -> Void,
        connect: @escaping @Sendable (_ name: String, _ address: String) throws -> any ShardLink
    ) {
        desk = ChiefDesk(settings.desk, release: Writer.current.version) { write("warning", $0) }
        self.write = write
        self.connect = connect
    }

    /// Opens the control stream of a process.
    @_spi(Distributed) public func open(_ channel: any ControlChannel) -> any ControlReceiver { desk.open(channel) }

    /// Trains to the end of the run. Then all processes have been told to end.
    ///
    /// - Parameters:
    ///   - isInterrupted: called about fifty times a second; once it returns `true`, the run stops and saves.
    ///   - onProgress: receives agent steps, those of the run, steps a second and the mean return; about ten times a second.
    /// - Returns: exit code and message; the message of a run that has ended well is its summary.
    @_spi(Distributed) public func train(
        _ training: ClusterTraining, isInterrupted: () -> Bool = { false },
        onProgress: (_ steps: Int, _ total: Int, _ rate: Double, _ meanReturn: Double) -> Void = { _, _, _, _ in }
    ) -> RoleEnding {
        let logger = Logger(label: "dqn-cluster") { [write] _ in ClosureLog(write) }
        var directory: String?
        do {
            let (desk, connect) = (desk, connect)
            let run = try training.makeRun(
                { configuration, layout, state in
                    try ChiefStore(desk, configuration, layout, state, connect: connect)
                }, logger)
            directory = run.directory.url.path
            let outcome = try run.run {
                // What is lost with a shard cannot be saved: nothing is worth waiting for.
                if desk.lossOfShard != nil { run.patience = .zero }
                return isInterrupted() || desk.lossOfShard != nil
            } onProgress: {
                onProgress($0.agentSteps, $0.totalSteps, $0.stepsPerSecond, $0.meanReturn)
            }
            if outcome == .interrupted, let loss = desk.lossOfShard {
                throw TrainingError(code: .runFailed, message: loss)
            }
            desk.end(.ended, "the run is over")
            return RoleEnding(outcome == .interrupted ? 130 : 0, Self.summary(run, outcome))
        } catch {
            desk.end(.failed, systemReason(error))
            // It has the sentence that names the shard, whatever has failed because of it.
            let reason = systemReason(error)
            let loss = desk.lossOfShard
            var message = loss.flatMap { reason.contains($0) ? nil : "\($0) " } ?? ""
            message += reason
            if let directory, loss != nil || (error as? TrainingError)?.code == .runFailed {
                message += " Resume with: dqn-cluster chief --resume \(directory)"
            }
            return RoleEnding(Self.exitCode(of: error), message)
        }
    }

    private static func summary(_ run: TrainingRun, _ outcome: TrainingRun.Outcome) -> String {
        let words =
            switch outcome {
            case .completed: "done"
            case .reachedTarget: "target return reached"
            case .interrupted: "interrupted"
            }
        var lines = ["\(words) at step \(run.trainer.counters.agentSteps)"]
        if let best = run.trainer.bestEvaluation {
            lines.append("best evaluation \(String(format: "%.2f", best.meanReturn)) at step \(best.agentSteps)")
        }
        if let checkpoint = run.lastCheckpoint { lines.append("saved \(checkpoint.path)") }
        return lines.joined(separator: "\n")
    }

    /// The exit code of an error, as of `dqn-train`.
    private static func exitCode(of error: any Error) -> Int32 {
        switch error {
        case let error as TrainingError:
            switch error.code {
            case .invalidConfiguration: return 64
            case .missingFile, .nothingToResume: return 66
            case .underlyingFailure: return error.underlying.map(exitCode) ?? 1
            default: return 1
            }
        case let error as ClusterError: return error.code == .invalidCluster ? 64 : 1
        case let error as EnvironmentError: return error.code == .notAllowed ? 77 : 1
        case let error as CheckpointError:
            switch error.code {
            case .malformed, .unsupportedVersion, .unknownExtension: return 65
            case .missing: return 66
            default: return 1
            }
        default: return 1
        }
    }
}
