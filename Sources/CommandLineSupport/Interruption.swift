internal import Foundation
internal import Synchronization

/// SIGINT and SIGTERM as a question that a program asks between steps, so that a run is saved, a film whole and a terminal left
/// in order; a second signal ends the process at once.
public enum Interruption {
    private static let signals = Atomic<Int>(0)

    /// Takes over the two signals for this process, and turns the one for a file beyond the size limit into a failed
    /// write, which a program survives and tells.
    ///
    /// - Parameter survivingClosedPipes: whether a closed pipe, as of standard error, is a failed write, too: it must not
    ///   end a run unsaved.
    public static func install(survivingClosedPipes: Bool = false) {
        signal(SIGXFSZ, SIG_IGN)
        if survivingClosedPipes { signal(SIGPIPE, SIG_IGN) }
        // Touched here, since a handler must not be the one to initialise it.
        signals.store(0, ordering: .relaxed)
        // A parent may have started this process with them blocked or ignored.
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

    /// Whether a signal has come.
    public static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }
}
