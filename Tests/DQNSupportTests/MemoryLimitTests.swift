import DQNSupport
import Foundation
import Testing

/// The memory limit of a process, from files and variables as schedulers and containers make them.
@Suite struct MemoryLimitTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-limit-\(UUID().uuidString)")

    /// Writes files below a root and returns the limit that they describe.
    private func limit(
        _ files: [String: String], _ environment: [String: String] = [:],
        processLimits: [(command: String, bytes: Int, used: Int)] = []
    ) throws -> String {
        try? FileManager.default.removeItem(at: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, text) in files {
            let url = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((text + "\n").utf8).write(to: url)
        }
        return MemoryLimit.least(
            in: .init(
                root: folder.path, environment: environment, physicalBytes: 1 << 36, processLimits: processLimits)
        ).description
    }

    private let version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
    private let version1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"

    @Test func withoutLimitsItIsTheMachinesMemory() throws {
        #expect(try limit([:]) == "the machine has 64.00 GiB")
        #expect(
            try limit([
                "proc/self/cgroup": "0::/a", "proc/self/mountinfo": version2, "sys/fs/cgroup/a/memory.max": "max",
            ]) == "the machine has 64.00 GiB")
        // Of version 1, a group without a limit has a very large one.
        #expect(
            try limit([
                "proc/self/cgroup": "4:memory:/", "proc/self/mountinfo": version1,
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            ]) == "the machine has 64.00 GiB")
    }

    @Test func theProcessesOwnLimitsAreACeiling() {
        #expect(MemoryLimit.ceiling(in: .init(physicalBytes: 1 << 30)) == nil)
        let ceiling = MemoryLimit.ceiling(
            in: .init(physicalBytes: 1 << 30, ceilings: [("ulimit -v", 3 << 30), ("ulimit -d", 2 << 30)]))
        #expect(ceiling?.bytes == 2 << 30)
        #expect(ceiling?.description == "the shell's limit 'ulimit -d' leaves at most 2.00 GiB")
    }

    @Test func theLeastOfNestedGroupsCounts() throws {
        let files = [
            "proc/self/cgroup": "0::/slurm/job 7/step", "proc/self/mountinfo": version2,
            "sys/fs/cgroup/slurm/memory.max": "17179869184", "sys/fs/cgroup/slurm/job 7/memory.max": "2147483648",
            "sys/fs/cgroup/slurm/job 7/step/memory.max": "max", "sys/fs/cgroup/memory.max": "34359738368",
            "sys/fs/cgroup/other/memory.max": "1024",
        ]
        #expect(
            try limit(files) == "the control group (/sys/fs/cgroup/slurm/job 7/memory.max) allows 2.00 GiB")
        // A group that is throttled above some bytes is limited to them.
        let throttled = files.merging(["sys/fs/cgroup/slurm/job 7/step/memory.high": "1073741824"]) { $1 }
        #expect(
            try limit(throttled) == "the control group (/sys/fs/cgroup/slurm/job 7/step/memory.high) allows 1.00 GiB")
    }

    @Test func readsVersion1BesideVersion2() throws {
        let hybrid = [
            "proc/self/cgroup": "9:name=systemd:/x\n4:cpu,memory:/a/b\n0::/",
            "proc/self/mountinfo": """
            31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
            \(version1.replacingOccurrences(of: "rw,memory", with: "rw,cpu,memory"))
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
            """,
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "3221225472",
            "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712",
        ]
        #expect(
            try limit(hybrid) == "the control group (/sys/fs/cgroup/memory/a/memory.limit_in_bytes) allows 3.00 GiB")
        // Groups above the mount's are seen in the sum of them all only.
        let deep = hybrid.merging([
            "sys/fs/cgroup/memory/a/b/memory.stat": "cache 5\nhierarchical_memory_limit 1073741824\nrss 1"
        ]) { $1 }
        #expect(try limit(deep) == "the control group (/sys/fs/cgroup/memory/a/b/memory.stat) allows 1.00 GiB")
    }

    @Test func readsContainers() throws {
        // The mount shows the container's own group, under a path with a space.
        let container = [
            "proc/self/cgroup": "4:memory:/docker/12ab/inner",
            "proc/self/mountinfo":
                #"35 31 0:32 /docker/12ab /sys/fs/c\040group/memory rw - cgroup cgroup rw,memory"#,
            "sys/fs/c group/memory/memory.limit_in_bytes": "2147483648",
            "sys/fs/c group/memory/inner/memory.limit_in_bytes": "4294967296",
        ]
        #expect(
            try limit(container) == "the control group (/sys/fs/c group/memory/memory.limit_in_bytes) allows 2.00 GiB")
        // The process's group is not below the mount's, or outside its name space.
        for group in ["/elsewhere", "/../../other", "/docker/12abc"] {
            let files = container.merging(["proc/self/cgroup": "4:memory:\(group)"]) { $1 }
            #expect(try limit(files).hasSuffix("memory.limit_in_bytes) allows 2.00 GiB"), "\(group)")
        }
    }

    @Test(
        arguments: [
            (["SLURM_MEM_PER_NODE": "4096"], "SLURM (SLURM_MEM_PER_NODE=4096) allows 4.00 GiB"),
            (["SLURM_MEM_PER_NODE": "3G"], "SLURM (SLURM_MEM_PER_NODE=3G) allows 3.00 GiB"),
            (["SLURM_MEM_PER_NODE": "0"], "the machine has 64.00 GiB"),
            (["SLURM_MEM_PER_NODE": "plenty"], "the machine has 64.00 GiB"),
            (
                ["SLURM_MEM_PER_CPU": "1024", "SLURM_CPUS_ON_NODE": "6", "SLURM_CPUS_PER_TASK": "2"],
                "SLURM (SLURM_MEM_PER_CPU=1024, SLURM_CPUS_ON_NODE=6) allows 6.00 GiB"
            ),
            (
                ["SLURM_MEM_PER_CPU": "1024", "SLURM_JOB_CPUS_PER_NODE": "4(x2),2"],
                "SLURM (SLURM_MEM_PER_CPU=1024, SLURM_JOB_CPUS_PER_NODE=4) allows 4.00 GiB"
            ),
            (["SLURM_MEM_PER_CPU": "512"], "SLURM (SLURM_MEM_PER_CPU=512) allows 512.0 MiB"),
            (
                ["SLURM_MEM_PER_GPU": "8192", "SLURM_GPUS_ON_NODE": "2"],
                "SLURM (SLURM_MEM_PER_GPU=8192, SLURM_GPUS_ON_NODE=2) allows 16.00 GiB"
            ),
            (["SLURM_MEM_PER_CPU": "9223372036854775807", "SLURM_CPUS_ON_NODE": "9"], "the machine has 64.00 GiB"),
        ] as [([String: String], String)])
    func readsSlurmJobs(environment: [String: String], text: String) throws {
        #expect(try limit([:], environment) == text)
    }

    @Test func countsWhatAProcessHasLeft() throws {
        let found = try limit([:], processLimits: [("ulimit -v", 3 << 30, 1 << 30), ("ulimit -d", 5 << 30, 1 << 30)])
        #expect(found == "of the shell's limit 'ulimit -v' of 3.00 GiB the program itself leaves 2.00 GiB")
        #expect(try limit([:], processLimits: [("ulimit -v", 1 << 20, 1 << 30)]).hasSuffix("leaves 0.0 KiB"))
    }

    @Test func thisProcessHasALimit() {
        let limit = MemoryLimit.least()
        #expect(limit.bytes > 0 && limit.bytes <= Int(clamping: ProcessInfo.processInfo.physicalMemory))
    }
}
