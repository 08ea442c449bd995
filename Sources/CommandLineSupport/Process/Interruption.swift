internal import DQNSupport
internal import Foundation
internal import Synchronization

/// Handles the signals by which shells and schedulers end a program.
///
/// `timeout` and most schedulers signal both the process and its group, so one request arrives as several signals.
/// Signals within a second after the first are therefore the same request. A later one ends the process at once.
package enum Interruption {
    /// What the first signal does.
    package enum Response: Sendable {
        /// It sets ``isRequested``. The program checks this between steps, so that it can save a run, complete a video
        /// and restore the terminal.
        case requests
        /// It ends the process with exit code 130, after deleting unfinished files.
        case ends
    }

    private static let code: Int32 = 130
    private static let sameRequestNanoseconds: Int64 = 1_000_000_000
    /// The number of the first signal that asked for an end; 0 before.
    private static let firstSignal = Atomic<Int32>(0)
    private static let firstTime = Atomic<Int64>(0)
    /// The number of the last signal that asked for a save, until the program has taken it; otherwise 0.
    private static let requestedSave = Atomic<Int32>(0)
    private static let saveTime = Atomic<Int64>(.min)
    /// Bits of the signals that ask for a save.
    private static let savingSignals = Atomic<UInt64>(0)
    private static let endsAtOnce = Atomic<Bool>(false)

    /// Handles all of ``EndingSignal``, except that SIGHUP stays ignored if it is, as under `nohup`. Another call changes
    /// the response.
    ///
    /// - Parameters:
    ///   - response: what the first signal does.
    ///   - saving: signals that ask for a save instead: ``takeSaveRequest()`` returns them.
    package static func install(_ response: Response, saving: [EndingSignal] = []) {
        // Every variable is accessed here, because a signal handler must not initialise one.
        _ = (firstSignal.load(ordering: .relaxed), firstTime.load(ordering: .relaxed))
        requestedSave.store(0, ordering: .relaxed)
        saveTime.store(.min, ordering: .relaxed)
        savingSignals.store(saving.reduce(0) { $0 | 1 << UInt64($1.number) }, ordering: .relaxed)
        endsAtOnce.store(response == .ends, ordering: .relaxed)
        _ = (code, sameRequestNanoseconds, now, EndRequest.isMade)
        ShownScreen.restoreTerminal()
        let handled = EndingSignal.allCases.filter {
            $0 != .hangUp || saving.contains($0) || !ProcessEnding.ignores($0.number)
        }
        if response == .requests { ProcessorTimeLimit.keepTimeForTheLastSave() }
        for ending in handled { signal(ending.number) { Interruption.handle($0) } }
        // The parent may have blocked them.
        var numbers = sigset_t()
        sigemptyset(&numbers)
        for ending in handled { sigaddset(&numbers, ending.number) }
        pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    }

    /// Gives the signals their default effect again.
    package static func uninstall() {
        for ending in EndingSignal.allCases { signal(ending.number, SIG_DFL) }
    }

    /// Whether a signal has asked for the end.
    package static var isRequested: Bool { firstSignal.load(ordering: .relaxed) != 0 }

    /// The signal that has asked for the end.
    package static var endingSignal: EndingSignal? { EndingSignal(number: firstSignal.load(ordering: .relaxed)) }

    /// Returns the signal that has asked for a save since the last call.
    package static func takeSaveRequest() -> EndingSignal? {
        EndingSignal(number: requestedSave.exchange(0, ordering: .relaxed))
    }

    /// Nanoseconds of a clock that may be read in a signal handler.
    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The signal handler.
    private static func handle(_ number: Int32) {
        let error = errno
        defer { errno = error }
        let now = now
        if savingSignals.load(ordering: .relaxed) & 1 << UInt64(number) != 0 {
            let last = saveTime.load(ordering: .relaxed)
            if last == .min || now - last > sameRequestNanoseconds {
                saveTime.store(now, ordering: .relaxed)
                requestedSave.store(number, ordering: .relaxed)
            }
            return
        }
        if endsAtOnce.load(ordering: .relaxed) { endAtOnce() }
        if firstSignal.load(ordering: .relaxed) == 0 {
            // Before the signal itself: another thread may be handling another signal.
            firstTime.store(now, ordering: .relaxed)
            firstSignal.store(number, ordering: .releasing)
            EndRequest.make()
            return
        }
        // The system repeats it as long as the save takes; the hard limit ends the process.
        if number == SIGXCPU { return }
        if now - firstTime.load(ordering: .relaxed) > sameRequestNanoseconds { endAtOnce() }
    }

    private static func endAtOnce() -> Never {
        ShownScreen.restoreTerminal()
        ProcessEnding.end(code: code)
    }
}
