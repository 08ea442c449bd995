internal import DQNSupport

extension ChiefDesk {
    /// How long no answer to a request for figures or states may arrive.
    private static let answerTime = Duration.seconds(600)
    /// Processes whose states are fetched at a time.
    private static let fetchedAtOnce = 4

    /// Asks workers, while none takes steps, and waits for their answers.
    ///
    /// - Parameter processes: those that are asked; `nil` for all.
    func ask(_ message: ControlMessage, _ processes: Set<Int>? = nil) {
        monitor.withLock {
            for (process, member) in members where member.isReady && !member.workers.isEmpty {
                guard processes?.contains(process) ?? true else { continue }
                members[process]?.isAwaited = true
                member.channel.send(message)
            }
            lastAnswer = now
            while failure == nil, members.values.contains(where: \.isAwaited) {
                if now - lastAnswer > Self.answerTime {
                    for (process, member) in members where member.isAwaited {
                        lose(process, because: "has not answered for \(Self.text(Self.answerTime))")
                    }
                }
                monitor.wait(seconds: 0.02)
            }
            // After the loss of a shard no answer is awaited any more.
            for process in members.keys { members[process]?.isAwaited = false }
        }
    }

    /// Lets all workers hold their states of this step boundary until another hold, or until ``release(_:)``.
    ///
    /// - Returns: the number of the hold.
    func hold() -> Int {
        let number = monitor.withLock {
            holds += 1
            held = holds
            return holds
        }
        var message = ControlMessage(.hold)
        message.held = number
        ask(message)
        return number
    }

    /// Fetches the held states, those of a few processes at a time: their bytes are in memory beside what they become.
    ///
    /// - Parameter take: called without the monitor for each worker whose state arrives; one that was lost meanwhile sends
    ///   none.
    func fetch<Failure: Error>(
        _ number: Int, take: (_ worker: Int, _ bytes: [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var message = ControlMessage(.fetch)
        message.held = number
        var rest = monitor.withLock { members.filter { $0.value.held == number }.keys.sorted() }
        while !rest.isEmpty {
            ask(message, Set(rest.prefix(Self.fetchedAtOnce)))
            rest.removeFirst(min(rest.count, Self.fetchedAtOnce))
            let arrived = monitor.withLock {
                defer { arrivedStates = [:] }
                return arrivedStates
            }
            for (worker, bytes) in arrived.sorted(by: { $0.key < $1.key }) { try take(worker, bytes) }
        }
    }

    /// Lets the workers forget what they hold, with the next steps.
    func release(_ number: Int) { monitor.withLock { if held == number { held = nil } } }
}
