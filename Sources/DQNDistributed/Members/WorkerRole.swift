internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import DQNTraining

/// A process with workers: takes steps from the chief, trains on the shards, and ends with the run.
@_spi(Distributed) public final class WorkerRole: Sendable {
    /// How a process takes part.
    @_spi(Distributed) public struct Settings: Sendable {
        /// In messages, such as `h2, process 4711`.
        @_spi(Distributed) public var name: String
        /// The number of workers, each of which is a thread.
        @_spi(Distributed) public var workers = 1
        /// The Python of Gymnasium environments; `nil` looks for one.
        @_spi(Distributed) public var python: String?
        /// The absolute paths of directories with Python modules of the user's own.
        @_spi(Distributed) public var pythonPath: [String] = []
        /// The time limit for a step of a Gymnasium environment, and for its start if it is longer than that one's.
        @_spi(Distributed) public var environmentTimeout: Duration?
        /// Whether the run's environment may bring code, such as the library of a plug-in.
        @_spi(Distributed) public var trustsEnvironment = false
        /// Time without a finished step after which a worker counts as stuck.
        @_spi(Distributed) public var workerTimeout = Duration.seconds(120)

        /// Creates settings.
        @_spi(Distributed) public init(name: String) { self.name = name }

        /// How environments are run.
        var gymnasium: GymnasiumSettings {
            var settings = GymnasiumSettings(python: python, pythonPath: pythonPath)
            if let environmentTimeout {
                settings.stepTimeout = environmentTimeout
                settings.startTimeout = max(settings.startTimeout, environmentTimeout)
            }
            return settings.trusting(trustsEnvironment ? .any : .withoutCode)
        }
    }

    /// How long workers that were asked to leave may wait for the end of the run.
    private static let graceTime = Duration.seconds(5)

    private let settings: Settings
    private let connect: @Sendable (_ name: String, _ address: String) throws -> any ShardLink
    private let inbox = ControlInbox()

    /// Creates a role.
    ///
    /// - Parameter connect: opens a connection to a shard, which may be lost at any time.
    @_spi(Distributed) public init(
        _ settings: Settings, connect: @escaping @Sendable (_ name: String, _ address: String) throws -> any ShardLink
    ) {
        self.settings = settings
        self.connect = connect
    }

    /// Where what the chief sends is delivered.
    @_spi(Distributed) public var receiver: any ControlReceiver { inbox }

    /// Works until the end of the run.
    ///
    /// Threads that do not stop are left behind: the program must exit.
    /// - Parameters:
    ///   - channel: to the chief.
    ///   - isInterrupted: whether the process was asked to end; it then leaves the run, unless that ends soon.
    ///   - onOverdue: called on another thread if this does not return although the chief is lost or has ended the run, as
    ///     while an environment is created; the program must exit.
    ///   - announce: receives `ready worker 3 4` once the workers have their environments.
    @_spi(Distributed) public func run(
        on channel: any ControlChannel, isInterrupted: () -> Bool = { false },
        onOverdue: @escaping @Sendable (RoleEnding) -> Void = { _ in }, announce: (String) -> Void
    ) -> RoleEnding {
        let life = SignsOfLife(to: channel, inbox, onOverdue: onOverdue)
        defer { withExtendedLifetime(life) { channel.close() } }
        // Threads that wait for the chief or for a shard must not wait for ever.
        defer { inbox.lose("has been left") }
        channel.send(.join(settings.name, role: "worker", count: settings.workers))
        do {
            let terms: Terms
            switch try awaitTerms(isInterrupted) {
            case .success(let found): terms = found
            case .failure(let ended): return ended.ending
            }
            let links = try terms.shards.enumerated().map { try connect("shard \($0)", $1) }
            defer { for link in links { link.close() } }
            var team = try WorkerTeam(terms, settings, links, channel, inbox)
            var ready = ControlMessage(.ready)
            ready.reason = team.notices.isEmpty ? nil : team.notices.joined(separator: "; ")
            channel.send(ready)
            announce("ready worker \(terms.workers.map(String.init).joined(separator: " "))")
            return try team.work(isInterrupted, graceTime: Self.graceTime)
        } catch {
            var message = ControlMessage(.failed)
            message.reason = systemReason(error)
            channel.send(message)
            return RoleEnding(1, systemReason(error))
        }
    }

    /// What the chief gives a process to start from.
    struct Terms {
        let run: RunIdentity
        let configuration: TrainingConfiguration
        let shards: [String]
        let workers: [Int]
        let exchange: ExchangeOptions
        let isNew: Bool
        let statistics: [String: Double]
        let total: Int
        /// The state of each worker as bytes, by index; empty for a new one.
        var states: [Int: [UInt8]] = [:]
        /// The workers whose states have arrived as a whole.
        var complete: Set<Int> = []

        init(_ message: ControlMessage) throws {
            guard let run = message.run, let configuration = message.configuration, let shards = message.shards,
                let workers = message.workers, !workers.isEmpty, workers.allSatisfy({ (0..<1 << 31).contains($0) }),
                let exchange = message.exchange, let total = message.total, (0...1 << 53).contains(total)
            else { throw ClusterError.malformed("a welcome lacks a part") }
            self.run = run
            self.configuration = try TrainingConfiguration(json: configuration)
            self.shards = shards
            self.workers = workers
            self.exchange = exchange
            self.total = total
            isNew = message.isNew ?? false
            statistics = message.statistics ?? [:]
        }
    }

    /// An end before the start.
    private struct Ended: Error { let ending: RoleEnding }

    private func awaitTerms(_ isInterrupted: () -> Bool) throws -> Result<Terms, Ended> {
        var terms: Terms?
        while true {
            let message = inbox.next(within: 0.2)
            if let ending = RoleEnding(message, inbox.lossAfterAll) { return .failure(Ended(ending: ending)) }
            if isInterrupted() { return .failure(Ended(ending: RoleEnding(130))) }
            guard let message else { continue }
            if message.type == .welcome {
                terms = try Terms(message)
            } else if message.type == .assign, let worker = message.worker {
                terms?.states[worker, default: []] += message.payload
                if message.more != true { terms?.complete.insert(worker) }
            }
            if let terms, terms.complete.isSuperset(of: terms.workers) { return .success(terms) }
        }
    }
}
