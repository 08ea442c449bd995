import DQNSupport
import Foundation
import HDF5
import Testing

/// A child process that another thread is starting holds copies of all descriptors until it calls `exec`. Such a lock
/// or open file must have no effect here.
struct InheritanceTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ value: Int64, to path: String) throws(HDF5Error) {
        try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let root = try file.root()
            try root.write([value], to: "value")
            try root.close()
            try file.close()
        }
    }

    private func read(_ path: String) throws(HDF5Error) -> Int64? {
        try HDF5.perform { session throws(HDF5Error) in
            let file = try session.openFile(path, mode: .readOnly)
            return try file.root().read("value", as: Int64.self).first
        }
    }

    @Test func opensALockedFile() throws {
        let path = folder.path("locked.h5")
        try write(7, to: path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(try read(path) == 7)
        try HDF5.perform { session throws(HDF5Error) in try session.openFile(path, mode: .readWrite).close() }
    }

    @Test func takesNoLockOnAFile() throws {
        let path = folder.path("open.h5")
        let status = try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            let status = flock(descriptor, LOCK_EX | LOCK_NB)
            try file.close()
            return status
        }
        #expect(status == 0)
    }

    #if os(Linux)
        @Test func closesItsDescriptorsInChildren() throws {
            let path = folder.path("open.h5")
            let flags = try HDF5.perform { session throws(HDF5Error) in
                let file = try session.createFile(path)
                let flags = (0..<1024).filter { name(of: $0) == path }.map { fcntl(Int32($0), F_GETFD) }
                try file.close()
                return flags
            }
            #expect(flags == [FD_CLOEXEC])
        }

        /// The path that a descriptor of this process was opened by.
        private func name(of descriptor: Int) -> String? {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        }
    #endif

    /// With libhdf5's locks this fails within some hundred files: a file cannot be opened right after it was closed.
    @Test func reopensFilesWhileProcessesStart() throws {
        let isDone = Flag()
        let starters = DispatchGroup()
        for _ in 0..<2 {
            DispatchQueue.global().async(group: starters) {
                while !isDone.isSet { startProcess() }
            }
        }
        defer {
            isDone.set()
            starters.wait()
        }
        for index in 0..<1000 {
            let path = folder.path("\(index).h5")
            try write(Int64(index), to: path)
            try #expect(read(path) == Int64(index))
        }
    }
}

/// Starts a process that ends at once, and waits for its end.
private func startProcess() {
    let process = try? ChildProcess("true", arguments: [], descriptors: [nil, nil, nil])
    process?.end(within: 10)
}

/// `@unchecked Sendable`: guarded by `lock`.
private final class Flag: @unchecked Sendable {
    private let lock = Lock()
    private var value = false
    func set() { lock.withLock { value = true } }
    var isSet: Bool { lock.withLock { value } }
}
