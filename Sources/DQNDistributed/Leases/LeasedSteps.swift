internal import DQNModel
internal import DQNTraining
internal import Synchronization

/// A worker's side of its leases: the steps that it may take next.
///
/// A claim says that the steps of the claim before have been taken.
///
/// `@unchecked Sendable`: only the worker's own thread claims; ``askToRelease()`` changes nothing but an atomic.
package final class LeasedSteps: StepSource, @unchecked Sendable {
    private let source: any LeaseSource
    private let worker: Int
    private let most: Int
    private let reportInterval: Duration
    private let episodes: @Sendable () -> Int
    private var reportedEpisodes: Int
    private var lease = 0..<0
    private var claimed = 0
    private var unreported = 0
    private var lastReport = ContinuousClock.now
    private let release = Atomic<Bool>(false)

    /// Starts without steps.
    ///
    /// - Parameters:
    ///   - most: the steps of a lease: what a lost worker costs at most. A run's only worker leases all.
    ///   - reportInterval: after which steps are reported even if the lease lasts.
    ///   - episodes: returns how many of the worker's episodes have ended.
    package init(
        of worker: Int, from source: any LeaseSource, atMost most: Int, reportInterval: Duration = .seconds(1),
        episodes: @escaping @Sendable () -> Int = { 0 }
    ) {
        self.worker = worker
        self.source = source
        self.most = most
        self.reportInterval = reportInterval
        self.episodes = episodes
        reportedEpisodes = episodes()
    }

    /// The step after those that have been claimed.
    package var claimedSteps: Int { lease.lowerBound }

    /// Asks the worker to return the rest of its lease at its next step boundary; callable from any thread.
    package func askToRelease() { release.store(true, ordering: .relaxed) }

    /// Forgets an earlier ``askToRelease()``, while the worker does not run.
    package func withdrawRequest() { release.store(false, ordering: .relaxed) }

    /// Claims the next steps.
    ///
    /// - Returns: the indices of the steps over all workers, at most so many; `nil` if there are none now. The worker is
    ///   then at a step boundary and has reported everything; it may claim again.
    /// - Throws: ``ClusterError`` (`refused`) if the worker no longer belongs to the run; what the source throws.
    package func claim(atMost wanted: Int) throws -> Range<Int>? {
        unreported += claimed
        claimed = 0
        if release.exchange(false, ordering: .relaxed) {
            lease = 0..<0
            _ = try exchange(releases: true, most: 0)
            return nil
        }
        if lease.isEmpty {
            guard case .steps(let steps) = try exchange(releases: false, most: most) else { return nil }
            lease = steps
        } else if ContinuousClock.now - lastReport > reportInterval {
            _ = try exchange(releases: false, most: 0)
        }
        let steps = lease.prefix(wanted)
        lease = steps.upperBound..<lease.upperBound
        claimed = steps.count
        return steps
    }

    private func exchange(releases: Bool, most: Int) throws -> LeaseAnswer {
        let ended = episodes()
        let request = LeaseRequest(
            worker: worker, taken: unreported, episodes: ended - reportedEpisodes, releases: releases, most: most)
        let answer = try source.exchange(request)
        if case .refused(let reason) = answer {
            throw ClusterError(code: .refused, message: "Worker \(worker) must end: \(reason).")
        }
        unreported = 0
        reportedEpisodes = ended
        lastReport = .now
        return answer
    }
}
