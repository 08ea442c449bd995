internal import DQNModel
internal import DQNSupport

/// What the chief has sent to a process, until its threads take it.
///
/// `@unchecked Sendable`: everything that changes is used with the monitor held.
final class ControlInbox: ControlReceiver, @unchecked Sendable {
    private let monitor = Monitor()
    private var messages: [ControlMessage] = []
    /// Answers to leases, by worker.
    private var answers: [Int: ControlMessage] = [:]
    private var loss: String?
    /// When and how the chief has ended this process's part, or was lost.
    private var end: (time: ContinuousClock.Instant, ending: RoleEnding)?

    func receive(_ message: UnsafeRawBufferPointer) {
        let result = Result { () throws(ClusterError) in try ControlMessage(decoding: message) }
        monitor.withLock {
            switch result {
            case .success(let message):
                noteEnd(RoleEnding(message, nil))
                if [.steps, .accepted, .pause].contains(message.type), let worker = message.worker {
                    answers[worker] = message
                } else {
                    messages.append(message)
                }
            case .failure(let error):
                loss = loss ?? error.message
                noteEnd(RoleEnding(nil, error.message))
            }
            monitor.wakeAll()
        }
    }

    func lose(_ reason: String) {
        monitor.withLock {
            loss = loss ?? reason
            noteEnd(RoleEnding(nil, reason))
            monitor.wakeAll()
        }
    }

    private func noteEnd(_ ending: RoleEnding?) { if end == nil, let ending { end = (.now, ending) } }

    /// How this process should have ended, once that is some time ago; `nil` before.
    func overdueEnding(after time: Duration) -> RoleEnding? {
        monitor.withLock {
            guard let end, .now - end.time > time else { return nil }
            return end.ending
        }
    }

    /// Why nothing more will come, once everything has been taken.
    var lossAfterAll: String? { monitor.withLock { messages.isEmpty ? loss : nil } }

    /// Returns the next message.
    ///
    /// - Returns: `nil` if there is none within the time, or nothing more will come.
    func next(within seconds: Double) -> ControlMessage? {
        monitor.withLock {
            if messages.isEmpty, loss == nil, seconds > 0 { monitor.wait(seconds: seconds) }
            return messages.isEmpty ? nil : messages.removeFirst()
        }
    }

    /// Returns the next message if it is one that ends or stops the workers; others wait until the workers have stopped.
    func nextStop() -> ControlMessage? {
        monitor.withLock {
            guard let first = messages.first, [.stop, .end, .refused].contains(first.type) else { return nil }
            return messages.removeFirst()
        }
    }

    /// Waits for the answer to a worker's lease. The wait counts as progress: the worker is not stuck.
    ///
    /// - Throws: ``ClusterError`` (`refused`) if nothing more will come.
    func answer(for worker: Int) throws(ClusterError) -> ControlMessage {
        try monitor.withLock { () throws(ClusterError) -> ControlMessage in
            while true {
                if let answer = answers.removeValue(forKey: worker) { return answer }
                if let loss { throw ClusterError(code: .refused, message: "The chief is lost: it \(loss).") }
                monitor.wait(seconds: 0.1)
                Heartbeat.current?.beat()
            }
        }
    }
}

/// The chief's leases at the other end of a control stream.
final class ControlLeases: LeaseSource {
    private let channel: any ControlChannel
    private let inbox: ControlInbox

    init(_ channel: any ControlChannel, _ inbox: ControlInbox) {
        self.channel = channel
        self.inbox = inbox
    }

    func exchange(_ request: LeaseRequest) throws -> LeaseAnswer {
        var message = ControlMessage(.lease)
        message.worker = request.worker
        message.taken = request.taken
        message.episodes = request.episodes
        message.releases = request.releases
        message.most = request.most
        channel.send(message)
        let answer = try inbox.answer(for: request.worker)
        switch (answer.type, answer.first, answer.count) {
        case (.accepted, _, _): return .accepted
        case (.pause, _, _): return .pause
        case (.steps, let first?, let count?) where first >= 0 && count > 0 && first <= 1 << 53 && count <= 1 << 53:
            return .steps(first..<(first + count))
        default: throw ClusterError.malformed("the answer to a lease has no steps")
        }
    }
}
