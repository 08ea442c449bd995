internal import CDQNSupport

/// A file that appears only if the process crashes while it does something, so that its next start can do without it.
///
/// A crash is a fault of the process itself, such as an invalid access or a failed precondition. Signals of other
/// processes, a lack of memory and a power cut leave no mark. Nothing is written otherwise.
package enum CrashMark {
    /// Calls `body`. If the process crashes in the meantime, on whatever thread, a mark is left.
    ///
    /// One mark can be prepared at a time; further calls run their bodies without one. Cost: some system calls.
    /// - Parameters:
    ///   - path: of the mark; at most 4,095 bytes. An existing file is not replaced.
    ///   - text: what the mark says; at most 255 bytes.
    package static func leaving<Value, Failure: Error>(
        _ path: String, saying text: String, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        coverThread()
        guard dqn_crash_mark_arm(path, text) == 0 else { return try body() }
        defer { dqn_crash_mark_disarm() }
        return try body()
    }

    /// Gives the calling thread a second stack, on which a signal handler can run when the first one has overflowed.
    static func coverThread() { dqn_thread_add_signal_stack() }
}
