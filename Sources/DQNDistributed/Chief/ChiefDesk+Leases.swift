internal import DQNModel
internal import DQNSupport

extension ChiefDesk {
    /// Counts what a worker reports and leases it steps, now or once there are some; with the monitor held.
    func lease(_ message: ControlMessage, _ process: Int) throws(ClusterError) {
        guard let member = members[process], member.isReady, let worker = message.worker,
            member.workers.contains(worker), let taken = message.taken, let most = message.most,
            let episodes = message.episodes, (0...max(taken, 0)).contains(episodes), requests[worker] == nil
        else { throw .malformed("a lease is not one of the process's workers'") }
        if let reason = book.report(taken, by: worker, at: now) {
            throw ClusterError(code: .refused, message: "\(member.title) must end: \(reason).")
        }
        newEpisodes += episodes
        if message.releases ?? false { book.release(by: worker) }
        if most <= 0 {
            answer(.accepted, worker, member.channel)
        } else if !isOpen || book.isStopped {
            answer(.pause, worker, member.channel)
        } else {
            requests[worker] = most
        }
        serve()
    }

    private func answer(
        _ type: ControlMessage.Kind, _ worker: Int, _ channel: any ControlChannel, _ steps: Range<Int>? = nil
    ) {
        var message = ControlMessage(type)
        message.worker = worker
        message.first = steps?.lowerBound
        message.count = steps?.count
        channel.send(message)
    }

    /// Leases free steps to the workers that wait for some, in order of their index; with the monitor held.
    func serve() {
        guard isOpen else { return }
        for (worker, most) in requests.sorted(by: { $0.key < $1.key }) {
            guard let steps = book.lease(to: worker, atMost: min(most, leaseLength), at: now) else { continue }
            requests[worker] = nil
            guard let channel = channel(of: worker) else { continue }
            answer(.steps, worker, channel, steps)
        }
    }

    /// Shorter towards the end, so that no worker waits long for another.
    private var leaseLength: Int {
        let left = book.grantedSteps - book.takenSteps
        if isForOneWorker { return max(left, 1) }
        return min(max(left / (2 * max(book.members.count, 1)), 1), Self.longestLease)
    }

    private func channel(of worker: Int) -> (any ControlChannel)? {
        members.values.first { $0.workers.contains(worker) }?.channel
    }

    /// How workers have stopped.
    enum Stop: Equatable {
        /// All steps have been taken.
        case complete
        /// The run was stopped at a step boundary of every worker.
        case stopped
        /// No worker is left.
        case deserted
        /// A shard is lost.
        case failed
    }

    /// Lets workers take steps until a total is reached, no worker is left, or the run is stopped. Then every worker is
    /// at a step boundary.
    ///
    /// - Parameter isStopped: called about fifty times a second without the monitor.
    func takeSteps(upTo total: Int, isStopped: () -> Bool) -> Stop {
        monitor.withLock {
            book.grant(upTo: total)
            book.proceed()
            isOpen = true
            for process in members.keys.sorted() { proceed(process) }
        }
        var isAsked = false
        var desertion: Duration?
        while true {
            let stop: Stop? = monitor.withLock {
                if failure != nil { return .failed }
                if book.isComplete { return .complete }
                if isAsked, book.isQuiet { return .stopped }
                // One that is starting its environments will take steps.
                guard !roster.hasWorkers else {
                    desertion = nil
                    monitor.wait(seconds: 0.02)
                    return nil
                }
                // Workers may notice the loss of a shard before the chief does, and end.
                let since = desertion ?? now
                desertion = since
                if now - since > settings.patience + .seconds(1) { return .deserted }
                monitor.wait(seconds: 0.02)
                return nil
            }
            if let stop {
                monitor.withLock { close() }
                return stop
            }
            guard !isAsked, isStopped() else { continue }
            isAsked = true
            monitor.withLock {
                book.stop()
                pauseAll()
                for member in members.values where member.isReady { member.channel.send(ControlMessage(.stop)) }
            }
        }
    }

    private func close() {
        isOpen = false
        pauseAll()
    }

    private func pauseAll() {
        for worker in requests.keys.sorted() {
            if let channel = channel(of: worker) { answer(.pause, worker, channel) }
        }
        requests = [:]
    }
}
