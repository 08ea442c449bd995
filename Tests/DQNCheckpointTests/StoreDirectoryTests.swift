import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests of a directory that someone moves, deletes or replaces while a run saves there.
struct StoreDirectoryTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var run: URL { folder.file("run") }
    private var checkpoints: URL { run.appendingPathComponent("checkpoints") }

    private func create() throws {
        try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
    }

    /// A store with a checkpoint of step 1.
    private func store() throws -> CheckpointStore {
        try create()
        let store = try CheckpointStore(directory: checkpoints, keepLast: 1)
        try commit(store, 1)
        return store
    }

    @discardableResult
    private func commit(_ store: CheckpointStore, _ steps: Int) throws -> CheckpointStore.Receipt {
        try store.commit(Samples.whole(agentSteps: steps))
    }

    private func steps(_ folder: URL) throws -> [Int] {
        try CheckpointStore(directory: folder).entries().map(\.agentSteps)
    }

    @Test(arguments: [false, true]) func createsAMovedOrDeletedDirectoryAgain(isDeleted: Bool) throws {
        let store = try store()
        let moved = folder.file("moved")
        if isDeleted {
            try FileManager.default.removeItem(at: run)
        } else {
            try FileManager.default.moveItem(at: run, to: moved)
        }
        let notices = try commit(store, 2).notices
        #expect(notices.count == 1)
        #expect(notices.first?.contains("has been moved or deleted") == true)
        #expect(try steps(checkpoints) == [2])
        if !isDeleted { #expect(try steps(moved.appendingPathComponent("checkpoints")) == [1]) }
        // The new directory is locked too, and the message comes once.
        #expect(throws: CheckpointError.self) { try CheckpointStore(directory: checkpoints).lock() }
        #expect(try commit(store, 3).notices == [])
    }

    /// Retention would delete the other run's checkpoints.
    @Test func doesNotSaveAmongTheCheckpointsOfAnotherRun() throws {
        let first = try store()
        try FileManager.default.moveItem(at: run, to: folder.file("moved"))
        let second = try store()
        let third = try CheckpointStore(directory: checkpoints)
        for _ in 0..<2 {
            let error = #expect(throws: CheckpointError.self) { try commit(first, 2) }
            #expect(error?.code == .inputOutput)
            #expect(error.map { "\($0)".contains("another run") } == true)
        }
        try commit(second, 5)
        #expect(try third.entries().map(\.agentSteps) == [1, 5])
    }

    /// The other run has the lock, but no checkpoint yet.
    @Test func doesNotSaveWhereAnotherRunHasJustStarted() throws {
        let first = try store()
        try FileManager.default.removeItem(at: run)
        try create()
        var second: CheckpointStore? = try CheckpointStore(directory: checkpoints)
        try second?.lock()
        let error = #expect(throws: CheckpointError.self) { try commit(first, 2) }
        #expect(error?.code == .locked)
        try second.map { _ = try commit($0, 1) }
        second = nil
        #expect(throws: CheckpointError.self) { try commit(first, 3) }
        #expect(try steps(checkpoints) == [1])
    }

    /// It would hide the newer checkpoints from every later resume.
    @Test func setsAFileAsideThatHasTheNameOfAnotherStep() throws {
        let store = try store()
        try commit(store, 2)
        let names = [9, 1, 2].map(CheckpointStore.fileName(agentSteps:))
        let files = names.map(checkpoints.appendingPathComponent(_:))
        try FileManager.default.copyItem(at: files[1], to: files[0])
        var notices: [String] = []
        let found = try store.recoverLatest { notices.append($0) }
        #expect(found?.url == files[2])
        #expect(notices.count == 1)
        #expect(notices.first?.contains("rename it to \(names[1])") == true)
        #expect(try steps(checkpoints) == [1, 2])
        #expect(FileManager.default.fileExists(atPath: files[0].path + ".damaged"))
    }

    @Test func usesAnEmptyDirectoryThatReplacesItsOwn() throws {
        let store = try store()
        try FileManager.default.removeItem(at: run)
        try create()
        let notices = try commit(store, 2).notices
        #expect(notices.first?.contains("has been replaced") == true)
        #expect(try steps(checkpoints) == [2])
    }
}
