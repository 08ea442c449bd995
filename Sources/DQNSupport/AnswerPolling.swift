/// Decides whether a wait for a child's answer starts by polling.
///
/// Polling for a tenth of a millisecond finds a quick answer without the time that waking a thread takes. It wastes a
/// processor if answers take longer, and takes it from others if there are more threads and processes than processors.
package struct AnswerPolling: Sendable {
    /// Waits without success in a row after which polling pauses.
    private static let allowedMisses = 3
    /// Waits of a pause; then one wait tries again.
    private static let pauseLength = 100

    private var misses = 0
    private var pause = 0

    /// Starts with polling.
    package init() {}

    /// Returns whether the next wait should poll. Each call counts as a wait.
    ///
    /// - Parameter hasRoom: whether there are more processors than threads and processes.
    package mutating func isWorthwhile(hasRoom: Bool = Processors.haveRoomForPolling) -> Bool {
        guard hasRoom else { return false }
        guard pause > 0 else { return true }
        pause -= 1
        return false
    }

    /// Records a wait: 1 if polling found the answer, −1 if it did not or if another thread needed the processor.
    package mutating func record(_ outcome: Int32) {
        if outcome > 0 { misses = 0 }
        guard outcome < 0 else { return }
        misses += 1
        if misses >= Self.allowedMisses {
            // One more miss then pauses again.
            misses = Self.allowedMisses - 1
            pause = Self.pauseLength
        }
    }
}
