import Foundation
import Synchronization

/// Whether the process was asked to end, by a signal or by the end of its lifeline.
enum Ending {
    private static let request = Atomic<Bool>(false)
    private static let time = Atomic<Int64>(0)

    /// Whether it was asked to end.
    static var isRequested: Bool { request.load(ordering: .relaxed) }

    /// Handles the signals that end a program: the first asks, one more than a second later ends the process at once.
    /// Schedulers send one request as several signals.
    static func install() {
        // A signal handler must not initialise variables.
        _ = (isRequested, time.load(ordering: .relaxed), now)
        for number in [SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU] { signal(number) { _ in Ending.ask() } }
        // As under nohup.
        let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
        if unsafeBitCast(signal(SIGHUP, SIG_IGN), to: Int.self) != ignored { signal(SIGHUP) { _ in Ending.ask() } }
        // A closed connection is an error of its call.
        signal(SIGPIPE, SIG_IGN)
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Called by signal handlers.
    private static func ask() {
        let now = now
        if request.exchange(true, ordering: .relaxed) {
            if now - time.load(ordering: .relaxed) > 1_000_000_000 { _exit(130) }
        } else {
            time.store(now, ordering: .relaxed)
        }
    }

    /// Calls `body` on a thread of its own once standard input has ended.
    static func watchInput(_ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 256)
            while true {
                let count = read(STDIN_FILENO, &bytes, bytes.count)
                if count > 0 || count < 0 && errno == EINTR { continue }
                return body()
            }
        }
    }
}
