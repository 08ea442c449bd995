package import Foundation
internal import Synchronization

/// The processors that this process may use, and how many of its threads work.
package enum Processors {
    /// The processors that the affinity mask and the CPU quotas of the control groups allow; at least 1.
    package static let available = count(
        inAffinityMask: ProcessInfo.processInfo.activeProcessorCount,
        groups: (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "",
        root: URL(fileURLWithPath: "/sys/fs/cgroup"))

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
    ///   - groups: the contents of `/proc/self/cgroup`.
    ///   - root: where the control groups are mounted.
    package static func count(inAffinityMask affinity: Int, groups: String, root: URL) -> Int {
        let quota = ControlGroup.all(in: groups, root: root).compactMap(\.processorQuota).min()
        return max(1, min(affinity, quota.map { Int(min($0, 1e6)) } ?? affinity))
    }
}

/// A folder of a control group, of version 1 or 2.
private struct ControlGroup {
    let folder: URL

    /// The groups of a process that may limit its processor time, and those above them.
    static func all(in text: String, root: URL) -> [ControlGroup] {
        text.split(separator: "\n").flatMap { line -> [ControlGroup] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return [] }
            let mounts: [String]
            if fields[1].isEmpty {
                mounts = ["", "unified"]
            } else if fields[1].split(separator: ",").contains("cpu") {
                mounts = [fields[1], "cpu"]
            } else {
                return []
            }
            return mounts.flatMap { chain(root.appendingPathComponent($0), fields[2]) }
        }
    }

    /// The group at a path and all above it, up to the mount. In a container the path may lie outside what is mounted.
    private static func chain(_ mount: URL, _ path: String) -> [ControlGroup] {
        var folder = mount
        var groups = [ControlGroup(folder: mount)]
        for name in path.split(separator: "/") where name != ".." {
            folder.appendPathComponent(String(name))
            groups.append(ControlGroup(folder: folder))
        }
        return groups
    }

    /// Processors per period; `nil` without a quota.
    var processorQuota: Double? {
        let fields = text("cpu.max")?.split(separator: " ").map { Double($0) } ?? []
        let (quota, period) =
            fields.count == 2
            ? (fields[0], fields[1])
            : (text("cpu.cfs_quota_us").flatMap(Double.init), text("cpu.cfs_period_us").flatMap(Double.init))
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return quota / period
    }

    private func text(_ file: String) -> String? {
        (try? String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
