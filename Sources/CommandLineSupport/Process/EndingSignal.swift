internal import ArgumentParser
internal import Foundation

/// A signal by which shells, schedulers and limits ask a program to end.
package enum EndingSignal: String, CaseIterable, Sendable {
    /// Ctrl-C.
    case interrupt = "INT"
    /// The usual request: `kill`, `timeout`, systemd, Kubernetes and most queues.
    case terminate = "TERM"
    /// The terminal has closed.
    case hangUp = "HUP"
    /// Queues send it ahead of a limit or of a preemption.
    case user1 = "USR1"
    /// As SIGUSR1.
    case user2 = "USR2"
    /// The soft limit on processor time is reached. The system then repeats the signal every second of processor time,
    /// until the hard limit kills the process.
    case processorTime = "XCPU"

    /// The signal's number.
    package var number: Int32 {
        switch self {
        case .interrupt: SIGINT
        case .terminate: SIGTERM
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        case .processorTime: SIGXCPU
        }
    }

    /// The signal with a number.
    package init?(number: Int32) {
        guard let found = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = found
    }

    /// As in `SIGTERM`.
    package var name: String { "SIG\(rawValue)" }
}

/// `--save-on-signal USR1`, with or without `SIG`, in any case.
extension EndingSignal: ExpressibleByArgument {
    package init?(argument: String) {
        let upper = argument.uppercased()
        self.init(rawValue: upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper)
    }
}
