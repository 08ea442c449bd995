internal import DQNCheckpoint
internal import DQNModel
package import DQNSupport
internal import Foundation

/// Resource limits for a process that parses an untrusted file; see ``IsolatedProgram``.
package struct ProcessLimits: Sendable {
    /// The address space in bytes, in addition to the program's own at start.
    package var memoryBytes: Int
    /// The processor time of all threads, in seconds.
    package var processorSeconds: Int
    /// Whether the process may write files.
    package var allowsWriting: Bool

    /// The number of open files: the checkpoint, the standard streams and what system libraries need.
    private static let openFiles: rlim_t = 32

    /// Creates limits.
    package init(memoryBytes: Int, processorSeconds: Int, allowsWriting: Bool) {
        self.memoryBytes = memoryBytes
        self.processorSeconds = processorSeconds
        self.allowsWriting = allowsWriting
    }

    /// Returns the limits for verifying a file: 1 GiB, twice the file's size and the memory that decompression threads
    /// reserve; a minute plus a second per MiB.
    package static func verifying(_ file: String, memory: ByteCount?) -> ProcessLimits {
        let size = byteCount(file)
        let threads = ProcessInfo.processInfo.activeProcessorCount
        return ProcessLimits(
            memoryBytes: memory?.bytes ?? (1 << 30) + 2 * size + threads << 27, processorSeconds: seconds(size),
            allowsWriting: false)
    }

    /// Returns the limits for repairing a file: all memory that this process may use, because a repair holds the
    /// complete state, and what decompression threads reserve.
    package static func repairing(_ file: String, memory: ByteCount?) -> ProcessLimits {
        ProcessLimits(
            memoryBytes: memory?.bytes
                ?? MemoryLimit.least().bytes + ProcessInfo.processInfo.activeProcessorCount << 27,
            processorSeconds: 5 * seconds(byteCount(file)), allowsWriting: true)
    }

    /// The wall-clock limit in seconds, which allows for a slow disk.
    package var deadlineSeconds: Int { 2 * processorSeconds + 60 }

    private static func seconds(_ bytes: Int) -> Int { 60 + bytes >> 20 }

    private static func byteCount(_ file: String) -> Int {
        let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        return min(size ?? 0, 1 << 50)
    }

    /// Applies the limits to this process. They cannot be raised again.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`) when the system rejects a limit.
    package func apply() throws {
        // The parent reports which limit or crash ended this process.
        Interruption.uninstall()
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
        // Keep a stricter existing limit.
        let isKnown = getLimit(resource, &limit) == 0
        let bound = isKnown ? min(value, limit.rlim_max) : value
        limit = rlimit(rlim_cur: bound, rlim_max: bound)
        guard setLimit(resource, &limit) == 0 else {
            throw CheckpointError(
                code: .inputOutput, message: "Cannot set the limit on \(name): \(SystemError(errno)).")
        }
    }

    /// Returns the process's current address space in bytes, or 0 if unknown.
    private static func addressSpace() -> Int {
        // The first number is in pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").first.flatMap({ Int($0) })
        else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
