/// Measures time in which this process could run.
///
/// A stopped process (SIGSTOP, Ctrl-Z, a frozen container, a sleeping laptop) finds on waking that the clock has moved
/// on. Every time limit of this package therefore counts with this type. Whoever waits does so in slices of at most
/// ``slice`` and reads the time after each; a gap between two readings that is much longer counts only in part.
package struct RunningTime: Sendable {
    /// The longest wait between two readings, in seconds.
    package static let slice = 0.1

    private let longestGap: Double
    // Unlike the continuous clock, this one stops while the machine sleeps.
    private var last = SuspendingClock.now
    /// The seconds counted so far.
    package private(set) var seconds = 0.0

    /// Starts to count.
    ///
    /// - Parameter longestGap: the most seconds that the time between two readings counts for: more than the usual time
    ///   between two readings, also on a busy machine.
    package init(longestGap: Double = 2 * slice) { self.longestGap = longestGap }

    /// Counts the time since the last reading.
    ///
    /// - Returns: the seconds that were added.
    @discardableResult
    package mutating func read() -> Double {
        let now = SuspendingClock.now
        let gap = min((now - last) / .seconds(1), longestGap)
        last = now
        seconds += gap
        return gap
    }

    /// The seconds since the last reading, whether they count or not.
    var gap: Double { (SuspendingClock.now - last) / .seconds(1) }

    /// Passes over the time since the last reading.
    package mutating func skip() { last = .now }

    /// Returns how long to wait until the next reading, for a limit in seconds.
    package func wait(within limit: Double) -> Double { min(max(limit - seconds, 0), Self.slice) }
}
