internal import Foundation
internal import Synchronization

/// Records SIGINT and SIGTERM. Programs check for them between steps, so that they can save a run, complete a video and
/// restore the terminal. A second signal ends the process at once.
package enum Interruption {
    private static let signals = Atomic<Int>(0)

    /// Handles the two signals. Ignores SIGXFSZ, so that exceeding the file size limit is a failed write that the program
    /// can report.
    ///
    /// - Parameter survivingClosedPipes: whether to ignore SIGPIPE too, so that a closed standard error does not end a run
    ///   before it is saved.
    package static func install(survivingClosedPipes: Bool = false) {
        signal(SIGXFSZ, SIG_IGN)
        if survivingClosedPipes { signal(SIGPIPE, SIG_IGN) }
        // Initialise the counter here, because a signal handler must not.
        signals.store(0, ordering: .relaxed)
        // The parent may have blocked the signals.
        var both = sigset_t()
        sigemptyset(&both)
        for number in [SIGINT, SIGTERM] { sigaddset(&both, number) }
        pthread_sigmask(SIG_UNBLOCK, &both, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if Interruption.signals.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
            }
        }
    }

    /// Whether a signal has arrived.
    package static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }
}
