internal import Foundation

/// The limit on the processor time of this process, which `ulimit -t` and some queues set.
enum ProcessorTimeLimit {
    /// The most seconds that are kept for the last save.
    private static let largestReserve: rlim_t = 60

    /// Lowers the soft limit where it is as high as the hard one, as after `ulimit -t`: the system then kills the process
    /// without a SIGXCPU before, and everything since the last save would be lost.
    ///
    /// A fifth of the limit is kept for the last save, at least one second and at most a minute.
    static func keepTimeForTheLastSave() {
        let processorTime = __rlimit_resource_t(RLIMIT_CPU.rawValue)
        var limit = rlimit()
        guard getrlimit(processorTime, &limit) == 0 else { return }
        limit.rlim_cur = softLimit(limit)
        // A soft limit below the hard one may always be set. If not, the limits stay what they were.
        _ = setrlimit(processorTime, &limit)
    }

    /// Returns the soft limit that leaves time between it and the hard one, in seconds of processor time.
    static func softLimit(_ limit: rlimit) -> rlim_t {
        guard limit.rlim_max != rlim_t.max, limit.rlim_cur >= limit.rlim_max, limit.rlim_max > 1 else {
            return limit.rlim_cur
        }
        return limit.rlim_max - min(largestReserve, max(1, limit.rlim_max / 5))
    }
}
