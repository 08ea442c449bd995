import DQNSupport
import Foundation
import HDF5
import Testing

/// Many threads use the library at once without affecting each other.
struct ThreadTests {
    @Test func servesManyThreadsAtOnce() throws {
        let folder = try TemporaryFolder()
        let failures = LockedList<String>()
        DispatchQueue.concurrentPerform(iterations: 32) { index in
            do {
                let path = folder.path("\(index).h5")
                let values = [Int64](repeating: Int64(index), count: 1000 + index)
                try HDF5.perform { session throws(HDF5Error) in
                    let file = try session.createFile(path)
                    let root = try file.root()
                    try root.write(values, to: "values")
                    try root.close()
                    try file.close()
                }
                let read = try HDF5.perform { session throws(HDF5Error) in
                    let file = try session.openFile(path, mode: .readOnly)
                    return try file.root().read("values", as: Int64.self)
                }
                if read != values { failures.append("\(index): wrong values") }
                let missing: HDF5Error.Code? = HDF5.perform { session in
                    do throws(HDF5Error) {
                        try session.openFile(path + ".none", mode: .readOnly).close()
                        return nil
                    } catch { return error.code }
                }
                if missing != .fileMissing { failures.append("\(index): wrong error") }
            } catch {
                failures.append("\(index): \(error)")
            }
        }
        #expect(failures.values == [])
    }

    @Test func runsEveryCallOnTheSameThread() {
        let threads = LockedList<UInt>()
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            threads.append(HDF5.perform { _ in UInt(bitPattern: Int(bitPattern: pthread_self())) })
        }
        #expect(Set(threads.values).count == 1)
    }

    @Test func runsANestedCallAtOnce() {
        let value = HDF5.perform { _ in HDF5.perform { _ in 7 } + 1 }
        #expect(value == 8)
    }

    @Test func rethrowsErrorsOfAnyType() {
        struct Mine: Error, Equatable { var number: Int }
        let error = #expect(throws: Mine.self) {
            try HDF5.perform { _ throws(Mine) in throw Mine(number: 3) }
        }
        #expect(error == Mine(number: 3))
    }

    @Test func reportsTheLibraryVersion() {
        #expect(HDF5.libraryVersion.split(separator: ".").count == 3)
    }

    @Test func worksAfterTheVersionWasReadFirst() async {
        // It must be the first call of a process.
        await #expect(processExitsWith: .success) {
            let version = HDF5.libraryVersion
            let folder = try TemporaryFolder()
            try HDF5.perform { session throws(HDF5Error) in try session.createFile(folder.path("\(version).h5")).close()
            }
        }
    }
}

/// `@unchecked Sendable`: guarded by `lock`.
private final class LockedList<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var list: [Value] = []
    func append(_ value: Value) { lock.withLock { list.append(value) } }
    var values: [Value] { lock.withLock { list } }
}
