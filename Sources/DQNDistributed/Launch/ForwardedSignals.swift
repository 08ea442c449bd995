internal import DQNSupport
internal import Foundation
internal import Synchronization

/// The signals by which shells and schedulers ask a program to end or to save. A launcher passes them on to the chief,
/// which decides what they mean.
enum ForwardedSignals {
    /// Bits of the signals that have arrived and have not been taken.
    private static let arrived = Atomic<UInt64>(0)
    private static var numbers: [Int32] { [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU] }

    /// Notes these signals from now on. SIGHUP stays ignored if it is, as under `nohup`.
    static func install() {
        // A signal handler must not initialise a variable.
        arrived.store(0, ordering: .relaxed)
        for number in numbers where number != SIGHUP || !ProcessEnding.ignores(number) {
            signal(number) { number in
                ForwardedSignals.arrived.bitwiseOr(1 << UInt64(number), ordering: .relaxed)
            }
        }
    }

    /// Gives the signals their default effect again.
    static func uninstall() { for number in numbers { signal(number, SIG_DFL) } }

    /// Returns the signals that have arrived since the last call.
    static func take() -> [Int32] {
        let bits = arrived.exchange(0, ordering: .relaxed)
        return numbers.filter { bits >> UInt64($0) & 1 == 1 }
    }
}
