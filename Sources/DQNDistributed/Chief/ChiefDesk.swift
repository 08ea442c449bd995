internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import DQNTraining

/// The chief's side of all control streams: who takes part, who takes which steps, and who is lost.
///
/// It never waits: what a process says is answered at once or when there is an answer. The chief's own thread waits for
/// it, in ``wait(_:until:)``; a thread of its own looks for processes that are silent.
///
/// `@unchecked Sendable`: everything that changes is used with the monitor held.
package final class ChiefDesk: @unchecked Sendable {
    /// How a run is shared.
    package struct Settings: Sendable {
        package var shards = 1
        /// How long a process may be silent.
        package var patience = Duration.seconds(5)
        /// How long the chief waits for its first processes, and for answers.
        package var startTimeout = Duration.seconds(60)
        /// Updates after which a gradient is too old to be applied; `nil` applies all.
        package var maximumStaleness: Int?
        package var exchange = ExchangeOptions()

        package init() {}
    }

    /// A process with an open control stream.
    struct Member {
        let channel: any ControlChannel
        /// In messages, such as `shard 1 (h2, process 4711)`.
        var title = "a process that has not joined"
        var admission: Roster.Admission?
        var lastHeard: Duration
        /// Whether a shard serves, or workers have their environments.
        var isReady = false
        /// Whether its sums for a row of metrics begin again when it proceeds.
        var needsReset = false
        /// Whether an answer to a request for figures or states is awaited.
        var isAwaited = false
        /// The number of the hold whose states its workers have.
        var held: Int?

        /// The indices of its workers.
        var workers: [Int] { if case .workers(let indices)? = admission { indices } else { [] } }
    }

    /// The most steps of a lease, unless the run has one worker: what a lost worker costs.
    static let longestLease = 64

    let settings: Settings
    /// Which run's messages these are.
    package let run = RunIdentity.random()
    let monitor = Monitor()
    let log: @Sendable (String) -> Void
    private let start = ContinuousClock.now

    var members: [Int: Member] = [:]
    private var nextNumber = 0
    var roster: Roster
    /// The run's leases, once the trainer has told how many steps have been taken.
    var book: LeaseBook
    /// Whether workers may take steps.
    var isOpen = false
    /// Whether the run has one worker, which is exact.
    var isForOneWorker = false
    /// The workers that wait for steps, with the most that they want.
    var requests: [Int: Int] = [:]
    /// Processes that have asked to join before the run had its settings, in order.
    var applications: [(process: Int, application: Roster.Application)] = []
    /// What joining workers get, once the run has its settings.
    var terms: WorkerTerms?
    /// The newest state of each worker.
    var states: [Int: WorkerState] = [:]
    /// States that have arrived, or their first pieces, and are to be read.
    var arrivedStates: [Int: [UInt8]] = [:]
    /// How often workers were told to hold their states, and the number of the last time while that is needed.
    var holds = 0
    var held: Int?
    /// When the last answer or piece of one arrived.
    var lastAnswer = Duration.zero
    /// The newest figures of each worker.
    var figures: [Int: WorkerFigures] = [:]
    /// Sums since the last row that belong to no worker who is present.
    var openSums = TrainingStatistics()
    /// Episodes that have ended since the trainer counted them.
    var newEpisodes = 0
    /// Gradients that were too old, by process, with those of lost ones.
    var droppedGradients: [Int: Int] = [:]
    /// Why the state of an environment cannot be saved.
    var captureObstacle: String?
    /// Why the last worker was lost.
    var lastLoss: String?
    /// Why the run cannot continue: a shard is lost.
    var failure: String?
    /// Called then, with the monitor held; must return at once.
    var onFailure: () -> Void = {}
    var hasEnded = false

    /// Opens the desk.
    ///
    /// - Parameters:
    ///   - release: of this program, which all processes must have.
    ///   - log: receives a line for each process that joins or is lost.
    package init(_ settings: Settings, release: String, log: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.log = log
        roster = Roster(release: release, shards: settings.shards, workers: 1)
        book = LeaseBook(taken: 0, patience: settings.patience)
        watch()
    }

    /// The time by the desk's clock.
    var now: Duration { ContinuousClock.now - start }

    /// Why the run cannot continue; `nil` if it can.
    package var lossOfShard: String? { monitor.withLock { failure } }

    /// Steps that have been taken and reported.
    package var takenSteps: Int { monitor.withLock { book.takenSteps } }

    /// Opens a control stream.
    package func open(_ channel: any ControlChannel) -> any ControlReceiver {
        monitor.withLock {
            let number = nextNumber
            nextNumber += 1
            if hasEnded { channel.close() } else { members[number] = Member(channel: channel, lastHeard: now) }
            return ChiefReceiver(self, number)
        }
    }

    /// Waits with the monitor held.
    ///
    /// - Returns: whether the condition was met within the time, and before a signal asked for the end.
    func wait(_ time: Duration, until isMet: () -> Bool) -> Bool {
        let deadline = now + time
        while !isMet() {
            if now > deadline || failure != nil || EndRequest.isMade { return false }
            monitor.wait(seconds: 0.02)
        }
        return true
    }

    /// Looks for silent processes until the end of the run.
    private func watch() {
        let thread = JobThread(name: "dqn-desk") { [weak self] in
            var last: Duration?
            while let self, !self.tick(since: &last) {}
        }
        guard let error = thread.startError else { return }
        failure = "The thread that looks for lost processes could not be started: \(error)."
    }

    /// - Parameter last: the time of the last look.
    /// - Returns: whether the run has ended.
    private func tick(since last: inout Duration?) -> Bool {
        monitor.withLock {
            monitor.wait(seconds: 0.1)
            // While this process stood still, it could not hear anybody.
            let gap = now - (last ?? now)
            if gap > .seconds(1) { for number in members.keys { members[number]?.lastHeard += gap } }
            last = now
            for (number, member) in members where now - member.lastHeard > limit(of: member) {
                lose(number, because: "has not been heard of for \(Self.text(limit(of: member)))")
            }
            return hasEnded
        }
    }

    /// A time limit in messages.
    static func text(_ limit: Duration) -> String {
        let seconds = limit / .seconds(1)
        return Int(exactly: seconds).map { "\($0) s" } ?? "\(seconds) s"
    }

    /// How long a process may be silent: one that is not ready creates environments or reads its state.
    private func limit(of member: Member) -> Duration {
        member.admission == nil ? settings.startTimeout : settings.patience
    }

    /// Ends the run: every process gets the outcome and ends. Waits a moment for their farewells.
    package func end(_ outcome: ControlMessage.Outcome, _ reason: String) {
        monitor.withLock {
            guard !hasEnded else { return }
            sendEnd(outcome, reason)
            hasEnded = true
            let deadline = now + .seconds(2)
            while !members.isEmpty, now < deadline { monitor.wait(seconds: 0.05) }
            for member in members.values { member.channel.close() }
            members = [:]
        }
    }

    /// Tells every process that the run is over; with the monitor held.
    func sendEnd(_ outcome: ControlMessage.Outcome, _ reason: String) {
        var message = ControlMessage(.end)
        message.outcome = outcome
        message.reason = reason
        for member in members.values { member.channel.send(message) }
    }
}

/// What a process says, with the number of its stream.
private final class ChiefReceiver: ControlReceiver {
    private let desk: ChiefDesk
    private let number: Int

    init(_ desk: ChiefDesk, _ number: Int) {
        self.desk = desk
        self.number = number
    }

    func receive(_ message: UnsafeRawBufferPointer) { desk.receive(message, from: number) }

    func lose(_ reason: String) { desk.disconnect(number, reason) }
}
