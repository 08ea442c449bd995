internal import DQNSupport

/// How a process of a run has ended.
@_spi(Distributed) public struct RoleEnding: Sendable, Equatable {
    /// The exit code of the program.
    @_spi(Distributed) public let code: Int32
    /// Why, for the user; `nil` if there is nothing to say.
    @_spi(Distributed) public let message: String?

    init(_ code: Int32, _ message: String? = nil) {
        self.code = code
        self.message = message
    }

    /// A process that ends because of what the chief has said, or because the chief is lost; `nil` for another message.
    init?(_ message: ControlMessage?, _ loss: String?) {
        switch message?.type {
        case .end? where message?.outcome == .ended: self.init(0)
        case .end?, .refused?: self.init(1, message?.reason)
        case nil:
            guard let loss else { return nil }
            self.init(1, "The chief is lost: it \(loss).")
        default: return nil
        }
    }
}

/// Tells the chief of a process's life, from a thread of its own, until it is released; and the process of its end, which
/// may not look for it while it creates environments.
final class SignsOfLife: Sendable {
    /// Seconds between two of them.
    private static let interval = 0.25
    /// How long a process may take to notice its end by itself.
    private static let grace = Duration.seconds(3)

    private let monitor = Monitor()
    private let thread: JobThread

    /// - Parameter onOverdue: called once if the process should have ended by what is in its inbox.
    init(
        to channel: any ControlChannel, _ inbox: ControlInbox,
        onOverdue: @escaping @Sendable (RoleEnding) -> Void = { _ in }
    ) {
        let monitor = monitor
        thread = JobThread(name: "dqn-alive", monitor: monitor, heartbeat: nil)
        let thread = thread
        monitor.withLock {
            thread.submit { [weak thread] in
                var isOverdue = false
                while thread != nil {
                    channel.send(ControlMessage(.alive))
                    if !isOverdue, let ending = inbox.overdueEnding(after: Self.grace) {
                        isOverdue = true
                        onOverdue(ending)
                    }
                    monitor.withLock { monitor.wait(seconds: Self.interval) }
                }
            }
        }
    }

    deinit { monitor.withLock { monitor.wakeAll() } }
}
