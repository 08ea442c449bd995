internal import Foundation
internal import Synchronization

/// The processors that this process may use, and how many of its threads work.
package enum Processors {
    /// The processors that the affinity mask and the CPU quotas of the control groups allow; at least 1.
    package static let available = count(inAffinityMask: ProcessInfo.processInfo.activeProcessorCount)

    private static let busyThreads = Atomic<Int>(0)

    static func beginJob() { busyThreads.add(1, ordering: .relaxed) }

    static func endJob() { busyThreads.subtract(1, ordering: .relaxed) }

    /// The threads with a job; at least 1, as the caller works too.
    private static var busy: Int { max(busyThreads.load(ordering: .relaxed), 1) }

    /// Whether every working thread and a process of its own have a processor each, so that polling disturbs nothing.
    package static var haveRoomForPolling: Bool { haveRoom(for: 2 * busy) }

    /// Whether every working thread has a processor, with a team of `threads` instead of one thread.
    package static func haveRoom(forTeamOf threads: Int) -> Bool { haveRoom(for: busy - 1 + threads) }

    private static func haveRoom(for threads: Int) -> Bool { threads <= available }

    /// The processors that a process may use.
    ///
    /// - Parameters:
    ///   - affinity: the processors of the affinity mask.
    ///   - root: the directory in whose place `/proc` and the control groups' mount points are read.
    package static func count(inAffinityMask affinity: Int, root: String = "/") -> Int {
        let quota = ControlGroups.processorQuotas(root: root).min()
        return max(1, min(affinity, quota.map { Int(min($0, 1e6)) } ?? affinity))
    }
}
