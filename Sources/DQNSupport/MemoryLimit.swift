internal import Foundation

/// The memory that this process may use, and what limits it.
package struct MemoryLimit: Sendable, Equatable, CustomStringConvertible {
    /// Bytes.
    package let bytes: Int
    /// What allows them, as the beginning of a sentence, such as `the machine has`.
    private let clause: String

    init(bytes: Int, clause: String) {
        self.bytes = bytes
        self.clause = clause
    }

    /// Such as `SLURM (SLURM_MEM_PER_NODE=4096) allows 4.00 GiB`.
    package var description: String { "\(clause) \(ByteCount(bytes: bytes))" }

    /// What a process's limits depend on.
    package struct Surroundings: Sendable {
        /// The directory in whose place the files of `/proc` and of the mount points are read; `/` except in tests.
        package var root = "/"
        /// The environment variables.
        package var environment: [String: String] = [:]
        /// Bytes of the machine's memory.
        package var physicalBytes: Int
        /// Limits of the process itself: the command that sets one, its bytes, and how many of them the program needs
        /// without a run's replays and networks.
        package var processLimits: [(command: String, bytes: Int, used: Int)] = []
        /// Limits of the process itself, beyond which the system refuses memory: the command that sets one, and the bytes
        /// that the process has not taken yet.
        package var ceilings: [(command: String, bytes: Int)] = []

        /// Creates surroundings.
        package init(
            root: String = "/", environment: [String: String] = [:], physicalBytes: Int,
            processLimits: [(command: String, bytes: Int, used: Int)] = [],
            ceilings: [(command: String, bytes: Int)] = []
        ) {
            self.root = root
            self.environment = environment
            self.physicalBytes = physicalBytes
            self.processLimits = processLimits
            self.ceilings = ceilings
        }

        /// Those of this process.
        package static var own: Surroundings {
            let limits = ownProcessLimits
            return Surroundings(
                environment: ProcessInfo.processInfo.environment,
                physicalBytes: Int(clamping: ProcessInfo.processInfo.physicalMemory),
                processLimits: limits.map { ($0.command, $0.bytes, $0.used + $0.reserve) },
                ceilings: limits.map { ($0.command, max($0.bytes - $0.used, 0)) })
        }
    }

    /// The least of the machine's memory and the limits of the process, of its control groups and of a SLURM job.
    package static func least(in surroundings: Surroundings = .own) -> MemoryLimit {
        let machine = MemoryLimit(bytes: surroundings.physicalBytes, clause: "the machine has")
        let process = surroundings.processLimits.map {
            MemoryLimit(
                bytes: max($0.bytes - $0.used, 0),
                clause:
                    "of the shell's limit '\($0.command)' of \(ByteCount(bytes: $0.bytes)) the program itself leaves")
        }
        let all =
            [machine] + process + ControlGroups.memoryLimits(root: surroundings.root)
            + [SlurmJob.limit(surroundings.environment)].compactMap(\.self)
        return all.min { $0.bytes < $1.bytes } ?? machine
    }

    /// What the process's own limits leave at most; `nil` without such limits. Unlike others they cannot be a mistake about
    /// the machine: the system refuses more, and the process crashes.
    package static func ceiling(in surroundings: Surroundings = .own) -> MemoryLimit? {
        surroundings.ceilings.min { $0.bytes < $1.bytes }.map {
            MemoryLimit(bytes: $0.bytes, clause: "the shell's limit '\($0.command)' leaves at most")
        }
    }
}

extension MemoryLimit.Surroundings {
    #if os(Linux)
        private typealias Resource = __rlimit_resource
        private static func getLimit(_ resource: Resource, _ limit: inout rlimit) -> Int32 {
            getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
    #else
        private typealias Resource = Int32
        private static func getLimit(_ resource: Resource, _ limit: inout rlimit) -> Int32 {
            getrlimit(resource, &limit)
        }
    #endif

    /// The limits of addresses and of data that are set, with what the process has taken of them already and what its
    /// threads and libraries will take, which was measured for a run with one worker.
    private static var ownProcessLimits: [(command: String, bytes: Int, used: Int, reserve: Int)] {
        // In pages: the address space first, data and stacks sixth.
        let statistics = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = statistics.split(whereSeparator: \.isWhitespace).map { Int($0) ?? 0 }
        let used = { index in pages.indices.contains(index) ? pages[index] * sysconf(Int32(_SC_PAGESIZE)) : 0 }
        return [("ulimit -v", RLIMIT_AS, used(0), 384 << 20), ("ulimit -d", RLIMIT_DATA, used(5), 64 << 20)]
            .compactMap { command, resource, used, reserve in
                var limit = rlimit()
                // An infinite limit is larger than any number of bytes.
                guard getLimit(resource, &limit) == 0, let bytes = Int(exactly: limit.rlim_cur) else { return nil }
                return (command, bytes, used, reserve)
            }
    }
}
