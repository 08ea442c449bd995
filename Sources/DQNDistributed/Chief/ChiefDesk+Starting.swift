internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import DQNTraining

extension ChiefDesk {
    /// What joining workers get.
    struct WorkerTerms: Sendable {
        var welcome: ControlMessage
        let part: WorkerPart
        /// Whether the first workers continue as they stopped; later ones take the newest parameters.
        var isStarting = true
    }

    /// Gives each shard its part of the run's state and waits until all serve.
    ///
    /// - Returns: the addresses of the shards, in order.
    /// - Throws: ``ClusterError`` if too few join in time, or one is lost.
    func startShards(
        _ configuration: TrainingConfiguration, _ layout: ParameterLayout, _ state: ParameterState
    ) throws -> [String] {
        let ranges = try ShardRanges(count: layout.count, shards: settings.shards)
        let digest = try ranges.digest(of: layout)
        return try monitor.withLock {
            guard wait(settings.startTimeout, until: { roster.hasAllShards }) else {
                throw missing("\(roster.shardAddresses.count) of \(settings.shards) shards have")
            }
            for member in members.values {
                guard case .shard(let index)? = member.admission else { continue }
                var message = ControlMessage(.assign)
                message.run = run
                message.layout = digest.hexadecimalDigits
                message.configuration = configuration.json
                message.shard = index
                message.elements = ranges.ranges[index].count
                message.maximumStaleness = settings.maximumStaleness
                message.payload = try ShardPart.encode(state.part(ranges.ranges[index]))
                member.channel.send(message)
            }
            func serving() -> Int {
                members.values.count(where: { member in
                    if case .shard? = member.admission { member.isReady } else { false }
                })
            }
            guard wait(settings.startTimeout, until: { serving() == settings.shards }) else {
                throw missing("\(serving()) of \(settings.shards) shards serve; the others have not")
            }
            return (0..<settings.shards).compactMap { roster.shardAddresses[$0] }
        }
    }

    private func missing(_ what: String) -> ClusterError {
        if EndRequest.isMade {
            return ClusterError(code: .missingProcesses, message: "A signal has ended the run before its start.")
        }
        return ClusterError(
            code: .missingProcesses,
            message: failure
                ?? "Only \(what) joined within \(Self.text(settings.startTimeout)). Start all processes with the chief's address, or allow more "
                + "time with --start-timeout.")
    }

    /// Admits workers, those that have asked before and those that come later, and waits until as many as the run starts
    /// with have their environments.
    ///
    /// - Throws: ``ClusterError`` if too few join in time.
    func startWorkers(_ context: CrewContext) throws {
        try monitor.withLock {
            let configuration = context.configuration
            for (index, state) in (context.states + context.inactiveWorkers).enumerated() { states[index] = state }
            book = LeaseBook(taken: context.agentSteps, patience: settings.patience)
            roster.expect(workers: configuration.workers)
            isForOneWorker = configuration.workers == 1
            var welcome = ControlMessage(.welcome)
            welcome.run = run
            welcome.configuration = configuration.json
            welcome.shards = (0..<settings.shards).compactMap { roster.shardAddresses[$0] }
            var exchange = settings.exchange
            exchange.isOnlyWorker = isForOneWorker
            welcome.exchange = exchange
            welcome.isNew = context.isNew
            // A run's only worker continues the same sums, bit for bit.
            if isForOneWorker {
                welcome.statistics = context.statistics.values
            } else {
                openSums = context.statistics
            }
            welcome.total = context.agentSteps
            terms = WorkerTerms(
                welcome: welcome, part: WorkerPart(configuration, context.architecture, context.method))
            for (process, application) in applications { admit(application, process) }
            applications = []
            guard wait(settings.startTimeout, until: { book.members.count >= configuration.workers }) else {
                throw missing("\(book.members.count) of \(configuration.workers) workers have")
            }
            terms?.isStarting = false
            terms?.welcome.isNew = false
            terms?.welcome.statistics = nil
        }
    }

    /// Sends a process what its workers start from; with the monitor held. States are encoded on another thread.
    func welcome(_ process: Int, _ indices: [Int]) {
        guard let terms, let channel = members[process]?.channel else { return }
        let states = indices.map { index in
            var state = self.states[index]
            // Its copy of the parameters is old.
            if !terms.isStarting { state?.status = .resting }
            return state
        }
        let taken = book.takenSteps
        let thread = JobThread(name: "dqn-welcome") { [weak self] in
            do {
                var message = terms.welcome
                message.workers = indices
                message.total = taken
                channel.send(message)
                for (index, state) in zip(indices, states) {
                    var message = ControlMessage(.assign)
                    message.worker = index
                    channel.send(message, inPieces: try state.map(terms.part.encode) ?? [])
                }
            } catch { self?.disconnect(process, "cannot be given its state: \(error)") }
        }
        if let error = thread.startError { lose(process, because: "cannot be given its state: \(error)") }
    }
}
