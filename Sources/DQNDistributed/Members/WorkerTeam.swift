internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import DQNTraining

/// The workers of a process between their start and the end of the run.
struct WorkerTeam {
    private let member: CrewMember
    private let sources: [LeasedSteps]
    private let part: WorkerPart
    private let channel: any ControlChannel
    private let inbox: ControlInbox
    /// What the chief's user should know about the start.
    let notices: [String]
    /// The states of the step boundary that the chief wants held, with the number of the hold.
    private var held: (number: Int, states: [WorkerState])?
    /// Why the workers cannot continue after a save: an environment could not give its state.
    private var obstacle: TrainingError?
    private let store: ShardedParameters
    /// When the process was asked to end.
    private var interruption: ContinuousClock.Instant?

    /// Creates the environments and the learners.
    init(
        _ terms: WorkerRole.Terms, _ settings: WorkerRole.Settings, _ links: [any ShardLink],
        _ channel: any ControlChannel, _ inbox: ControlInbox
    ) throws {
        self.channel = channel
        self.inbox = inbox
        var options = CrewMember.Options()
        options.gymnasium = settings.gymnasium
        options.workerTimeout = settings.workerTimeout
        let member = try CrewMember(terms.configuration, workers: terms.workers, options)
        let part = WorkerPart(terms.configuration, member.architecture, member.method)
        let store = try ShardedParameters(
            terms.configuration, layout: try ParameterLayout(member.architecture), run: terms.run, links: links,
            usesTarget: member.method.usesTarget, options: terms.exchange, team: member.team)
        let states = try terms.workers.map { worker in
            try terms.states[worker].flatMap { try $0.isEmpty ? nil : part.decode($0) }
        }
        notices = try member.start(
            training: store, from: states, isNew: terms.isNew, statistics: terms.statistics, agentSteps: terms.total)
        let leases = ControlLeases(channel, inbox)
        sources = terms.workers.enumerated().map { place, worker in
            LeasedSteps(of: worker, from: leases, atMost: 1 << 40, episodes: member.episodes(at: place))
        }
        self.member = member
        self.store = store
        self.part = part
    }

    /// Does what the chief says until the end of the run.
    ///
    /// - Throws: why a worker cannot continue.
    mutating func work(_ isInterrupted: () -> Bool, graceTime: Duration) throws -> RoleEnding {
        while true {
            let message = inbox.next(within: 0.2)
            if let ending = RoleEnding(message, inbox.lossAfterAll) { return ending }
            if let ending = leave(isInterrupted, graceTime) { return ending }
            switch message?.type {
            case .proceed?:
                if message?.resets ?? false { member.resetStatistics() }
                if let held, held.number != message?.held { self.held = nil }
                if let obstacle { throw obstacle }
                if let ending = try takeSteps(isInterrupted, graceTime) { return ending }
            case .report?: report(message?.total ?? 0)
            case .hold?: try hold(message?.held ?? 0)
            case .fetch?: try sendStates(message?.held)
            default: break
            }
        }
    }

    /// Leaves the run some time after the process was asked to end, if the run has not ended until then: schedulers ask
    /// all processes of a job at once, and the chief then saves the run.
    private mutating func leave(_ isInterrupted: () -> Bool, _ graceTime: Duration) -> RoleEnding? {
        guard isInterrupted() else { return nil }
        let since = interruption ?? .now
        interruption = since
        guard ContinuousClock.now - since > graceTime else { return nil }
        var message = ControlMessage(.leave)
        message.reason = "was asked to end"
        channel.send(message)
        return RoleEnding(130)
    }

    /// Lets the workers take steps until the chief stops them.
    private mutating func takeSteps(_ isInterrupted: () -> Bool, _ graceTime: Duration) throws -> RoleEnding? {
        for source in sources { source.withdrawRequest() }
        var ending: RoleEnding?
        var interruption = interruption
        let sources = sources
        let (inbox, member) = (inbox, member)
        func release() { for source in sources { source.askToRelease() } }
        let failure = member.takeSteps(from: sources) {
            release()
        } whileWaiting: {
            let message = inbox.nextStop()
            ending = RoleEnding(message, inbox.lossAfterAll)
            if message?.type == .stop { release() }
            if isInterrupted() {
                if interruption == nil { interruption = .now }
                if let since = interruption, ContinuousClock.now - since > graceTime { release() }
            }
            return ending == nil
        }
        self.interruption = interruption
        if let ending { return ending }
        if let failure { throw failure(sources.map(\.claimedSteps).max() ?? 0) }
        return nil
    }

    private func report(_ total: Int) {
        var message = ControlMessage(.figures)
        message.figures = member.figures(at: total).map(FiguresDocument.init)
        message.dropped = store.droppedCount
        channel.send(message)
    }

    /// Takes the states of this step boundary. Replays share their memory with the workers' until these change it.
    private mutating func hold(_ number: Int) throws {
        held = nil
        let (states, failure) = member.saveStates()
        obstacle = failure?(states.map(\.agentSteps).max() ?? 0)
        held = (number, states)
        var message = ControlMessage(.held)
        message.held = number
        message.reason = member.captureObstacle
        channel.send(message)
    }

    private func sendStates(_ number: Int?) throws {
        guard let held, held.number == number else {
            throw ClusterError.malformed("the chief asks for states that are not held")
        }
        for (worker, state) in zip(member.indices, held.states) {
            var message = ControlMessage(.state)
            message.worker = worker
            channel.send(message, inPieces: try part.encode(state))
        }
        if let obstacle { throw obstacle }
    }
}
