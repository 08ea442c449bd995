internal import DQNCheckpoint
internal import DQNModel
package import DQNSupport
internal import Foundation

/// What a process that parses a file from a stranger may take: see ``IsolatedProgram``.
public struct ProcessLimits: Sendable {
    /// Address space, besides what the program takes as it starts.
    public var memoryBytes: Int
    /// Processor time, of all threads together.
    public var processorSeconds: Int
    /// Whether files may be written.
    public var allowsWriting: Bool

    /// Open files: the checkpoint, the standard streams and what the system libraries need.
    private static let openFiles: rlim_t = 32

    /// Creates limits.
    public init(memoryBytes: Int, processorSeconds: Int, allowsWriting: Bool) {
        self.memoryBytes = memoryBytes
        self.processorSeconds = processorSeconds
        self.allowsWriting = allowsWriting
    }

    /// Limits for verifying a file: 1 GiB, twice the file's size, and what the threads that inflate chunks reserve; a
    /// minute, and a second for each MiB.
    package static func verifying(_ file: String, memory: ByteCount?) -> ProcessLimits {
        let size = byteCount(file)
        let threads = ProcessInfo.processInfo.activeProcessorCount
        return ProcessLimits(
            memoryBytes: memory?.bytes ?? (1 << 30) + 2 * size + threads << 27, processorSeconds: seconds(size),
            allowsWriting: false)
    }

    /// Limits for repairing a file: as much memory as the machine has, since the whole state is held.
    package static func repairing(_ file: String, memory: ByteCount?) -> ProcessLimits {
        ProcessLimits(
            memoryBytes: memory?.bytes ?? Int(clamping: ProcessInfo.processInfo.physicalMemory),
            processorSeconds: 5 * seconds(byteCount(file)), allowsWriting: true)
    }

    /// When to give up, whatever the processor did: the disk may be slow.
    public var deadlineSeconds: Int { 2 * processorSeconds + 60 }

    private static func seconds(_ bytes: Int) -> Int { 60 + bytes >> 20 }

    private static func byteCount(_ file: String) -> Int {
        let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        return min(size ?? 0, 1 << 50)
    }

    /// Binds this process, and for good.
    ///
    /// - Throws: ``DQNCheckpoint/CheckpointError`` (`inputOutput`) when the system refuses one.
    public func apply() throws {
        try Self.set(RLIMIT_CORE, "core files", 0)
        if !allowsWriting { try Self.set(RLIMIT_FSIZE, "written files", 0) }
        try Self.set(RLIMIT_NOFILE, "open files", Self.openFiles)
        try Self.set(RLIMIT_CPU, "processor time", rlim_t(processorSeconds))
        try Self.set(RLIMIT_AS, "memory", rlim_t(Self.addressSpace() + memoryBytes))
    }

    #if os(Linux)
        private typealias Resource = __rlimit_resource
        private static func setLimit(_ resource: Resource, _ limit: inout rlimit) -> Int32 {
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
        private static func getLimit(_ resource: Resource, _ limit: inout rlimit) -> Int32 {
            getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
    #else
        private typealias Resource = Int32
        private static func setLimit(_ resource: Resource, _ limit: inout rlimit) -> Int32 {
            setrlimit(resource, &limit)
        }
        private static func getLimit(_ resource: Resource, _ limit: inout rlimit) -> Int32 {
            getrlimit(resource, &limit)
        }
    #endif

    private static func set(_ resource: Resource, _ name: String, _ value: rlim_t) throws {
        var limit = rlimit()
        // A stricter limit that is there stays.
        let isKnown = getLimit(resource, &limit) == 0
        let bound = isKnown ? min(value, limit.rlim_max) : value
        limit = rlimit(rlim_cur: bound, rlim_max: bound)
        guard setLimit(resource, &limit) == 0 else {
            throw CheckpointError(
                code: .inputOutput, message: "The limit on \(name) cannot be set: \(String(cString: strerror(errno))).")
        }
    }

    /// What the process takes of the address space now; 0 where the system does not tell.
    private static func addressSpace() -> Int {
        // The first number counts pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").first.flatMap({ Int($0) })
        else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
