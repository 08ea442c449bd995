internal import DQNSupport
internal import Foundation
internal import Synchronization

/// The terminal while a screen is drawn on it: its cursor is hidden, and the shell may take it back at any time.
enum ShownScreen {
    /// The descriptor of the terminal; -1 while no screen is shown.
    private static let descriptor = Atomic<Int32>(-1)
    /// Whether something else may have written to the terminal: the shell, while the program was suspended.
    private static let isOverwritten = Atomic<Bool>(false)
    /// Below the screen, with the cursor.
    private static let restoration: StaticString = "\u{1B}[999;1H\n\u{1B}[?25h"

    /// Call it before each drawing.
    ///
    /// - Returns: whether the whole screen must be drawn anew.
    static func begin(on terminal: Int32) -> Bool {
        let isFirst = descriptor.exchange(terminal, ordering: .relaxed) != terminal
        let mustRedraw = isOverwritten.exchange(false, ordering: .relaxed)
        if isFirst || mustRedraw { handleSuspension() }
        return mustRedraw
    }

    /// Call it when the screen has been left, which shows the cursor.
    static func end() { descriptor.store(-1, ordering: .relaxed) }

    /// Shows the cursor again if a screen is drawn. May be called in a signal handler, if it has been called before.
    static func restoreTerminal() {
        let terminal = descriptor.load(ordering: .relaxed)
        guard terminal >= 0 else { return }
        _ = Foundation.write(terminal, restoration.utf8Start, restoration.utf8CodeUnitCount)
    }

    /// Gives the terminal back before Ctrl-Z suspends the program or Ctrl-\ ends it.
    private static func handleSuspension() {
        // Every variable has been accessed: a signal handler must not initialise one. A shell without job control has
        // programs ignore SIGTSTP.
        for number in [SIGTSTP, SIGQUIT] where !ProcessEnding.ignores(number) {
            signal(number) { number in
                let error = errno
                ShownScreen.restoreTerminal()
                ShownScreen.isOverwritten.store(true, ordering: .relaxed)
                // The signal itself, when this handler has returned. The next drawing handles it again.
                signal(number, SIG_DFL)
                kill(getpid(), number)
                errno = error
            }
        }
        // After SIGSTOP, too: a process cannot notice that it is about to be stopped.
        signal(SIGCONT) { _ in ShownScreen.isOverwritten.store(true, ordering: .relaxed) }
        // The parent may have blocked them.
        var numbers = sigset_t()
        sigemptyset(&numbers)
        for number in [SIGTSTP, SIGQUIT, SIGCONT] { sigaddset(&numbers, number) }
        pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    }
}
