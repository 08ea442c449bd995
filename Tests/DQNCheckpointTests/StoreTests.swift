import DQNCheckpoint
import DQNModel
import DQNSupport
import Foundation
import Testing

/// Tests of a run's directory of checkpoints: retention, selection, recovery and failures.
struct StoreTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func store(keepLast: Int = .max) throws -> CheckpointStore {
        try CheckpointStore(directory: folder.url, keepLast: keepLast)
    }

    @discardableResult
    private func commit(_ store: CheckpointStore, _ steps: Int, mean: Double? = nil) throws -> CheckpointStore.Receipt {
        try store.commit(Samples.whole(agentSteps: steps, meanReturn: mean))
    }

    private var steps: [Int] { get throws { try store().entries().map(\.agentSteps) } }

    private func damage(_ steps: Int) throws {
        let url = folder.file(CheckpointStore.fileName(agentSteps: steps))
        var bytes = try Data(contentsOf: url)
        bytes = bytes.prefix(bytes.count / 2)
        try bytes.write(to: url)
    }

    @Test func fileNamesHaveTwelveDigits() throws {
        #expect(CheckpointStore.fileName(agentSteps: 50_000) == "step-000000050000.h5")
        #expect(CheckpointStore.fileName(agentSteps: 1_234_567_890_123) == "step-1234567890123.h5")
        let receipt = try commit(store(), 50_000)
        #expect(receipt.url.lastPathComponent == "step-000000050000.h5")
        #expect(receipt.notices == [])
        #expect(folder.names == ["step-000000050000.h5"])
    }

    @Test func filesBeyondTwelveDigitsSortByTheirNumbers() throws {
        let steps = [999_999_999_999, 1_000_000_000_000, 20_000_000_000_000]
        let store = try store(keepLast: 2)
        for step in steps { try commit(store, step) }
        #expect(folder.names.sorted() == ["step-1000000000000.h5", "step-20000000000000.h5"])
        #expect(try store.entries().map(\.agentSteps) == Array(steps.dropFirst()))
        #expect(try store.recoverLatest { Issue.record("\($0)") }?.checkpoint.counters.agentSteps == steps.last)
        try commit(store, 999_999_999_999)
        #expect(try store.recoverLatest { Issue.record("\($0)") }?.checkpoint.counters.agentSteps == steps.last)
    }

    #if os(Linux)
        /// A child process that is being started holds copies of all descriptors until it calls `exec`.
        @Test func releasesTheLockForCopiesOfItsDescriptor() throws {
            var store: CheckpointStore? = try store()
            try store?.lock()
            let owned = (0..<1024).filter {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == folder.url.path
            }
            let copies = owned.map { dup(Int32($0)) }
            defer { for copy in copies { close(copy) } }
            #expect(copies.count == 1)
            #expect(throws: CheckpointError.self) { try CheckpointStore(directory: folder.url).lock() }
            store = nil
            try CheckpointStore(directory: folder.url).lock()
        }
    #endif

    /// A process that another thread starts holds the lock's descriptor for a moment.
    @Test func locksAgainWhileProcessesStart() throws {
        let isDone = Flag()
        let starters = (0..<2).map { index in
            JobThread(name: "starter \(index)") {
                while !isDone.isSet {
                    let process = try? ChildProcess("true", arguments: [], descriptors: [nil, nil, nil])
                    process?.end(within: 10)
                }
            }
        }
        defer {
            isDone.set()
            for starter in starters { starter.join() }
        }
        for _ in 0..<2000 { try store().lock() }
    }

    @Test func ignoresOtherFiles() throws {
        try commit(store(), 10)
        for name in [
            "step-x.h5", "step-20.h5", "step-000000000020.h5.tmp", "step-000000000030.h5.damaged", "notes.txt",
        ] {
            try Data().write(to: folder.file(name))
        }
        #expect(try steps == [10])
    }

    @Test func keepsTheNewestFiles() throws {
        let store = try store(keepLast: 2)
        for step in [10, 20, 30, 40] { try commit(store, step) }
        #expect(try steps == [30, 40])
    }

    @Test func keepsTheEarliestOfTheBestFiles() throws {
        try {
            let store = try store(keepLast: 1)
            for (step, mean) in [(10, 1.0), (20, 9.0), (30, 9.0), (40, nil), (50, 3.0)] {
                try commit(store, step, mean: mean)
            }
            #expect(try steps == [20, 50])
            #expect(try store.best { _ in }.lastPathComponent == CheckpointStore.fileName(agentSteps: 20))
        }()
        // A new store has to read the files first.
        let other = try self.store(keepLast: 1)
        try commit(other, 60, mean: 2)
        #expect(try steps == [20, 60])
    }

    @Test func ignoresFilesWithoutEvaluationForTheBest() throws {
        try commit(store(), 10)
        let error = #expect(throws: CheckpointError.self) { try store().best { _ in } }
        #expect(error?.code == .missing)
        for (step, mean) in [(20, -500.0), (30, -100.0), (40, -200.0)] { try commit(store(), step, mean: mean) }
        #expect(try store().best { _ in }.lastPathComponent == CheckpointStore.fileName(agentSteps: 30))
    }

    @Test func neverReplacesACommittedFile() throws {
        try commit(store(), 10, mean: 1)
        let before = try Data(contentsOf: folder.file(CheckpointStore.fileName(agentSteps: 10)))
        let error = #expect(throws: CheckpointError.self) { try commit(store(), 10, mean: 2) }
        #expect(error?.code == .exists)
        #expect(try Data(contentsOf: folder.file(CheckpointStore.fileName(agentSteps: 10))) == before)
    }

    @Test func latestIsTheNewestIntactFile() throws {
        for step in [10, 20, 30, 40] { try commit(store(), step) }
        try damage(40)
        try damage(30)
        var notices: [String] = []
        let latest = try CheckpointLocation.resolve(folder.url, .latest) { notices.append($0) }
        #expect(latest.lastPathComponent == CheckpointStore.fileName(agentSteps: 20))
        #expect(notices.count == 2)
        #expect(notices.first?.contains("step-000000000040.h5") == true)
        // Resolving changes nothing.
        #expect(try steps == [10, 20, 30, 40])
    }

    @Test func recoveryRenamesDamagedAndRemovesUnfinishedFiles() throws {
        for step in [10, 20, 30, 40] { try commit(store(), step) }
        try damage(40)
        try damage(30)
        let damaged = try Data(contentsOf: folder.file("step-000000000040.h5"))
        try Data("older".utf8).write(to: folder.file("step-000000000040.h5.damaged"))
        try Data("half".utf8).write(to: folder.file("step-000000000050.h5.tmp"))
        try Data("other".utf8).write(to: folder.file("notes.tmp"))
        var notices: [String] = []
        let latest = try store().recoverLatest { notices.append($0) }
        #expect(latest?.checkpoint.counters.agentSteps == 20)
        #expect(
            folder.names == [
                "notes.tmp", "step-000000000010.h5", "step-000000000020.h5", "step-000000000030.h5.damaged",
                "step-000000000040.h5.2.damaged", "step-000000000040.h5.damaged",
            ])
        #expect(try Data(contentsOf: folder.file("step-000000000040.h5.2.damaged")) == damaged)
        #expect(try Data(contentsOf: folder.file("step-000000000040.h5.damaged")) == Data("older".utf8))
        for part in ["step-000000000050.h5.tmp", "step-000000000040.h5", "step-000000000030.h5"] {
            #expect(notices.contains { $0.contains(part) }, "\(part) in \(notices)")
        }
        // The run can save at the lost steps again.
        try commit(store(), 30)
        #expect(try steps == [10, 20, 30])
    }

    @Test func recoveryReturnsNilWithoutAValidFile() throws {
        #expect(try store().recoverLatest { _ in }?.url == nil)
        try commit(store(), 10)
        try damage(10)
        // The only file keeps its name, since there is nothing to resume from.
        #expect(try store().recoverLatest { _ in }?.url == nil)
        #expect(folder.names == ["step-000000000010.h5"])
    }

    @Test func neitherCountsNorDeletesDamagedFiles() throws {
        for step in [10, 20, 30] { try commit(store(), step) }
        try damage(10)
        let receipt = try commit(store(keepLast: 2), 40)
        #expect(try steps == [10, 30, 40])
        #expect(receipt.notices.contains { $0.contains("step-000000000010.h5") })
    }

    @Test func refusesMissingDirectories() throws {
        for url in [folder.file("none"), URL(fileURLWithPath: "/dev/null")] {
            let error = #expect(throws: CheckpointError.self) { try CheckpointStore(directory: url) }
            #expect(error?.code == .missing)
        }
    }

    @Test func aFailedCommitChangesNothing() throws {
        try commit(store(), 10)
        var bad = try Samples.whole(agentSteps: 20)
        bad.online[0] = .nan
        #expect(throws: CheckpointError.self) { try store().commit(bad) }
        #expect(folder.names == ["step-000000000010.h5"])
        #expect(Verifier.verify(folder.file("step-000000000010.h5")).isValid)
    }

    @Test func replacesFilesOfAKilledSave() throws {
        try Data("half".utf8).write(to: folder.file("step-000000000010.h5.tmp"))
        try commit(store(), 10)
        #expect(folder.names == ["step-000000000010.h5"])
    }

    /// A limit on the file size simulates a full disk.
    @Test func aFullDiskLosesNothing() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let folder = try TemporaryFolder()
            let store = try CheckpointStore(directory: folder.url, keepLast: 1)
            _ = try store.commit(Samples.whole(agentSteps: 10, meanReturn: nil))
            let size = try Data(contentsOf: folder.file("step-000000000010.h5")).count
            var limit = rlimit(rlim_cur: 0, rlim_max: rlim_t.max)
            // In the middle of the data, in the metadata written last, and one byte short.
            let next = try Samples.whole(agentSteps: 20, meanReturn: nil)
            for room in [0, 100, size / 2, size - 500, size - 1] {
                limit.rlim_cur = rlim_t(room)
                guard setrlimit(fileSizeLimit, &limit) == 0 else { exit(2) }
                do throws(CheckpointError) {
                    _ = try store.commit(next)
                    exit(3)
                } catch {
                    guard error.code == .inputOutput else { exit(4) }
                }
                guard folder.names == ["step-000000000010.h5"] else { exit(5) }
                guard Verifier.verify(folder.file("step-000000000010.h5")).isValid else { exit(6) }
            }
            limit.rlim_cur = rlim_t.max
            guard setrlimit(fileSizeLimit, &limit) == 0 else { exit(2) }
            _ = try store.commit(next)
            guard folder.names == ["step-000000000020.h5"] else { exit(7) }
            exit(0)
        }
    }

    /// A directory's permissions do not restrict the superuser, so the test drops its privileges first.
    @Test func anUnwritableDirectoryLosesNothing() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let store = try CheckpointStore(directory: folder.url)
            _ = try store.commit(Samples.whole(agentSteps: 10))
            let next = try Samples.whole(agentSteps: 20)
            guard chmod(folder.url.path, 0o555) == 0 else { exit(2) }
            if geteuid() == 0, seteuid(65_534) != 0 { exit(3) }
            do throws(CheckpointError) {
                _ = try store.commit(next)
                exit(4)
            } catch {
                guard error.code == .inputOutput, error.message.contains("step-000000000020.h5") else { exit(5) }
            }
            guard folder.names == ["step-000000000010.h5"] else { exit(6) }
            guard Verifier.verify(folder.file("step-000000000010.h5")).isValid else { exit(7) }
            _ = seteuid(0)
            chmod(folder.url.path, 0o755)
            try? FileManager.default.removeItem(at: folder.url)
            exit(0)
        }
    }
}

#if canImport(Glibc)
    private var fileSizeLimit: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_FSIZE.rawValue) }
#else
    private var fileSizeLimit: Int32 { RLIMIT_FSIZE }
#endif

/// `@unchecked Sendable`: guarded by `lock`.
private final class Flag: @unchecked Sendable {
    private let lock = Lock()
    private var value = false
    func set() { lock.withLock { value = true } }
    var isSet: Bool { lock.withLock { value } }
}
