import Foundation
import HDF5
import Testing

/// Errors carry the library's whole stack, and a failed write never passes for a complete one.
struct ErrorTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func carriesTheWholeErrorStack() throws {
        let path = folder.path("damaged.h5")
        // A chunk that is not what its filter has written: libhdf5 itself must fail, several functions deep.
        let error = #expect(throws: HDF5Error.self) {
            try HDF5.perform { session throws(HDF5Error) in
                let file = try session.createFile(path)
                let dataset = try file.root().createDataset(
                    "x", of: .uint8, shape: [64], layout: .chunked([64], filters: [.deflate(level: 1)]))
                var bytes = [UInt8](repeating: 0xee, count: 64)
                var failure: HDF5Error?
                bytes.withUnsafeMutableBytes { bytes in
                    do throws(HDF5Error) {
                        try dataset.writeChunk(at: [0], from: UnsafeRawBufferPointer(bytes))
                        try dataset.read(into: bytes)
                    } catch { failure = error }
                }
                if let failure { throw failure }
            }
        }
        #expect(error?.code == .callFailed)
        #expect(error?.operation == "H5Dread")
        #expect(error?.stack.first?.function == "H5Dread")
        #expect((error?.stack.count ?? 0) > 2)
        #expect(error?.stack.allSatisfy { !$0.description.isEmpty && !$0.major.isEmpty && !$0.minor.isEmpty } == true)
        let last = try #require(error?.stack.last)
        #expect(error?.description.contains(last.description) == true)
    }

    @Test func findsTheSystemsErrorNumber() throws {
        // A path that fails even for the superuser.
        let path = "/proc/self/mem/none.h5"
        let error = #expect(throws: HDF5Error.self) {
            try HDF5.perform { session throws(HDF5Error) in try session.createFile(path).close() }
        }
        #expect(error?.code == .fileMissing)
        #expect(error?.systemErrorNumber == ENOTDIR || error?.systemErrorNumber == ENOENT)
    }

    @Test func throwsWhenAFileIsClosedWithOpenObjects() throws {
        let path = folder.path("open.h5")
        let code = try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let root = try file.root()
            let dataset = try root.createDataset("x", of: .uint8, shape: [1])
            do throws(HDF5Error) {
                try file.close()
                return HDF5Error.Code?.none
            } catch {
                _ = dataset.count
                return error.code
            }
        }
        #expect(code == .objectsStillOpen)
        // The next call is not affected.
        try HDF5.perform { session throws(HDF5Error) in try session.createFile(folder.path("next.h5")).close() }
    }

    @Test func refusesOtherAccessToAnOpenFile() throws {
        let path = folder.path("twice.h5")
        let codes = try HDF5.perform { session throws(HDF5Error) in
            var codes: [HDF5Error.Code] = []
            let written = try session.createFile(path)
            do throws(HDF5Error) {
                try session.createFile(path, mode: .truncate).close()
            } catch { codes.append(error.code) }
            try written.close()
            let read = try session.openFile(path, mode: .readOnly)
            do throws(HDF5Error) {
                try session.openFile(path, mode: .readWrite).close()
            } catch { codes.append(error.code) }
            try read.close()
            try session.openFile(path, mode: .readWrite).close()
            return codes
        }
        #expect(codes == [.cannotOpen, .cannotOpen])
    }

    /// A limit on the size of files acts like a full disk: writing fails in the middle of a dataset.
    @Test func aFullDiskFailsOnlyTheWrite() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let folder = try TemporaryFolder()
            var limit = rlimit(rlim_cur: 100_000, rlim_max: rlim_t.max)
            guard setrlimit(fileSizeLimit, &limit) == 0 else { exit(2) }
            try HDF5.perform { session throws(HDF5Error) in try session.createFile(folder.path("first.h5")).close() }
            let before = openFiles()
            for attempt in 0..<3 {
                do throws(HDF5Error) {
                    try HDF5.perform { session throws(HDF5Error) in
                        let file = try session.createFile(folder.path("full.h5"), mode: .truncate)
                        let root = try file.root()
                        try root.write([Float](repeating: 1, count: 100_000), to: "x")
                        try root.close()
                        try file.close()
                    }
                    exit(3)
                } catch {
                    guard error.systemErrorNumber == EFBIG else {
                        FileHandle.standardError.write(Data("attempt \(attempt): \(error)\n".utf8))
                        exit(4)
                    }
                }
                try? FileManager.default.removeItem(atPath: folder.path("full.h5"))
            }
            guard openFiles() == before else { exit(6) }
            // The same process can still write what fits.
            do throws(HDF5Error) {
                try HDF5.perform { session throws(HDF5Error) in
                    let file = try session.createFile(folder.path("small.h5"))
                    let root = try file.root()
                    try root.write([Float](repeating: 1, count: 1000), to: "x")
                    try root.close()
                    try file.close()
                }
            } catch {
                exit(5)
            }
            // Runs the library's exit handler, which must not crash.
            exit(0)
        }
    }

    /// Metadata alone can fail too, when the file is closed: many small objects, no large write.
    @Test func aDiskThatFillsAtCloseFailsTheWrite() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let folder = try TemporaryFolder()
            try HDF5.perform { session throws(HDF5Error) in try session.createFile(folder.path("first.h5")).close() }
            let before = openFiles()
            var limit = rlimit(rlim_cur: 3000, rlim_max: rlim_t.max)
            guard setrlimit(fileSizeLimit, &limit) == 0 else { exit(2) }
            for _ in 0..<3 {
                do throws(HDF5Error) {
                    try HDF5.perform { session throws(HDF5Error) in
                        let file = try session.createFile(folder.path("full.h5"), mode: .truncate)
                        let root = try file.root()
                        for index in 0..<50 { try root.createGroup("group-\(index)").close() }
                        try root.close()
                        try file.close()
                    }
                    exit(3)
                } catch {
                    guard error.systemErrorNumber == EFBIG else { exit(4) }
                }
                try? FileManager.default.removeItem(atPath: folder.path("full.h5"))
            }
            guard openFiles() == before else { exit(6) }
            exit(0)
        }
    }
}

#if canImport(Glibc)
    private var fileSizeLimit: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_FSIZE.rawValue) }
#else
    private var fileSizeLimit: Int32 { RLIMIT_FSIZE }
#endif

/// The number of files this process has open: a failed write must not keep the disk's space.
private func openFiles() -> Int {
    #if os(Linux)
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
    #else
        0
    #endif
}
