internal import DQNSupport

extension ChiefDesk {
    /// How long no answer to a request for figures or states may arrive.
    private static let answerTime = Duration.seconds(600)

    /// Asks workers, while none takes steps, and waits for their answers.
    ///
    /// - Parameter isAsked: whether a process is asked.
    func ask(_ message: ControlMessage, where isAsked: (Member) -> Bool = { _ in true }) {
        monitor.withLock {
            for (process, member) in members where member.isReady && !member.workers.isEmpty && isAsked(member) {
                members[process]?.isAwaited = true
                member.channel.send(message)
            }
            lastAnswer = now
            while failure == nil, members.values.contains(where: \.isAwaited) {
                if now - lastAnswer > Self.answerTime {
                    for (process, member) in members where member.isAwaited {
                        lose(process, because: "has not answered for \(Self.answerTime / .seconds(1)) s")
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

    /// Returns the held states that arrive, by worker; one that was lost meanwhile sends none.
    func fetch(_ number: Int) -> [Int: [UInt8]] {
        var message = ControlMessage(.fetch)
        message.held = number
        monitor.withLock { arrivedStates = [:] }
        ask(message) { $0.held == number }
        return monitor.withLock {
            defer { arrivedStates = [:] }
            return arrivedStates
        }
    }

    /// Lets the workers forget what they hold, with the next steps.
    func release(_ number: Int) { monitor.withLock { if held == number { held = nil } } }
}
