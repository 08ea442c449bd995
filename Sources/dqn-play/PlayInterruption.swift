import Foundation
import Synchronization

/// SIGINT and SIGTERM as a question between steps, so that the terminal is left in order and a film is whole; a second
/// one ends the program at once.
enum PlayInterruption {
    private static let signals = Atomic<Int>(0)

    static func install() {
        // A file beyond the size limit is a write that fails, and is told as such.
        signal(SIGXFSZ, SIG_IGN)
        // Touched here, since a handler must not be the one to initialise it.
        signals.store(0, ordering: .relaxed)
        // A parent may have started this process with them blocked.
        var both = sigset_t()
        sigemptyset(&both)
        for number in [SIGINT, SIGTERM] { sigaddset(&both, number) }
        pthread_sigmask(SIG_UNBLOCK, &both, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if PlayInterruption.signals.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
            }
        }
    }

    static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }
}
