import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests of saving in the background.
struct ChiefSaverTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func saver(keepLast: Int = .max, lineage: Lineage? = nil) throws -> ChiefSaver {
        try ChiefSaver(
            CheckpointStore(directory: folder.url, keepLast: keepLast), lineage: lineage)
    }

    private func sample(_ step: Int) throws -> Checkpoint {
        var checkpoint = try Samples.whole(agentSteps: step)
        checkpoint.evaluation = nil
        checkpoint.bestEvaluation = nil
        checkpoint.history = MetricHistory()
        return checkpoint
    }

    private func file(_ step: Int) -> URL { folder.file(CheckpointStore.fileName(agentSteps: step)) }

    @Test func savesEveryCheckpointInOrder() throws {
        let saver = try saver()
        for step in 1...6 { saver.save(try sample(step)) }
        let outcomes = saver.finish()
        #expect(outcomes.map(\.agentSteps) == Array(1...6))
        #expect(saver.finished().isEmpty)
        for step in 1...6 {
            #expect(try Checkpoint(contentsOf: file(step)).counters.agentSteps == step)
            #expect(try outcomes[step - 1].result.get().url == file(step))
            #expect(try outcomes[step - 1].result.get().digest == CheckpointSummary(contentsOf: file(step)).digest)
        }
    }

    @Test func deinitFinishesAllSaves() throws {
        try { try saver().save(sample(1)) }()
        #expect(Verifier.verify(file(1)).isValid)
        // The directory is unlocked again.
        try { try saver().save(sample(2)) }()
        #expect(Verifier.verify(file(2)).isValid)
    }

    @Test func laterChangesAreNotSaved() throws {
        let saver = try saver()
        var checkpoint = try sample(7)
        let before = try everything(checkpoint)
        saver.save(checkpoint)
        for index in checkpoint.online.indices { checkpoint.online[index] = 9 }
        for worker in checkpoint.workers.indices {
            guard var replay = checkpoint.workers[worker].replay else { continue }
            for column in replay.columns.indices {
                for chunk in replay.columns[column].chunks.indices {
                    replay.columns[column].chunks[chunk].withMutableBytes {
                        _ = $0.initializeMemory(as: UInt8.self, repeating: 255)
                    }
                }
            }
            checkpoint.workers[worker].replay = replay
        }
        _ = saver.finish()
        #expect(try everything(Checkpoint(contentsOf: file(7))) == before)
    }

    @Test func aSaveLeavesTheProcessorsToTheCallerUntilSomebodyWaits() throws {
        let saver = try ChiefSaver(CheckpointStore(directory: folder.url), lineage: nil, headStart: .seconds(3600))
        saver.save(try sample(1))
        Thread.sleep(forTimeInterval: 0.05)
        #expect(saver.finished().isEmpty && !FileManager.default.fileExists(atPath: file(1).path))
        // There is room for one; each further save waits for the one before.
        saver.save(try sample(2))
        saver.save(try sample(3))
        saver.waitForRoom()
        #expect(saver.finish().map(\.agentSteps) == [1, 2, 3])
        #expect(FileManager.default.fileExists(atPath: file(3).path))
    }

    @Test func aSaveBeginsEvenIfNobodyWaits() throws {
        let saver = try saver()
        saver.save(try sample(1))
        var outcomes: [ChiefSaver.Outcome] = []
        for _ in 0..<3000 where outcomes.isEmpty {
            Thread.sleep(forTimeInterval: 0.01)
            outcomes = saver.finished()
        }
        #expect(outcomes.map(\.agentSteps) == [1])
    }

    @Test func refusesASecondSaverOfADirectory() throws {
        let first = try saver()
        let error = #expect(throws: CheckpointError.self) { try saver() }
        #expect(error?.code == .locked)
        #expect(error?.message.contains(folder.url.path) == true)
        let store = try CheckpointStore(directory: folder.url)
        #expect(throws: CheckpointError.self) { try store.commit(sample(1)) }
        #expect(throws: CheckpointError.self) { try store.recoverLatest { _ in } }
        // Reading needs no lock.
        first.save(try sample(2))
        _ = first.finish()
        #expect(try store.entries().map(\.agentSteps) == [2])
    }

    @Test func aFailedSaveDoesNotAffectOthers() throws {
        let saver = try saver()
        saver.save(try sample(1))
        saver.save(try sample(1))
        var broken = try sample(2)
        broken.online[0] = .nan
        saver.save(broken)
        saver.save(try sample(3))
        let outcomes = saver.finish()
        let codes = outcomes.map { outcome -> CheckpointError.Code? in
            if case .failure(let error) = outcome.result { error.code } else { nil }
        }
        #expect(codes == [nil, .exists, .invalidState, nil])
        let store = try CheckpointStore(directory: folder.url)
        #expect(try store.entries().map(\.agentSteps) == [1, 3])
    }

    /// A kill between a run's first save and its line loses no event.
    @Test func stagesTheFirstEvent() throws {
        let url = folder.file("lineage.jsonl")
        let staged = folder.file(".lineage.jsonl.dqn-tmp")
        // The line cannot be written.
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        let event: [String: JSONValue] = ["why": .string("from")]
        func save(_ step: Int) throws -> [String] {
            let saver = try saver(lineage: Lineage(url, startedFrom: "parent", event: event))
            saver.save(try sample(step))
            return try saver.finish()[0].result.get().notices
        }
        #expect(try save(1) == ["lineage.jsonl could not be written: it is a directory"])
        #expect(try String(contentsOf: staged, encoding: .utf8) == "{\"why\":\"from\"}\n")
        try FileManager.default.removeItem(at: url)
        Lineage.restoreStagedEvent(of: url)
        #expect(try String(contentsOf: url, encoding: .utf8) == "{\"why\":\"from\"}\n")
        #expect(!FileManager.default.fileExists(atPath: staged.path))
        try FileManager.default.removeItem(at: url)
        #expect(try save(2).isEmpty)
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == "{\"why\":\"from\"}")
        #expect(!FileManager.default.fileExists(atPath: staged.path))
        // Only a complete line is taken over.
        try FileManager.default.removeItem(at: url)
        try Data("{\"why\":\"fr".utf8).write(to: staged)
        Lineage.restoreStagedEvent(of: url)
        #expect(!FileManager.default.fileExists(atPath: url.path))
    }

    @Test func recordsTheLineage() throws {
        let url = folder.file("lineage.jsonl")
        func digest(_ step: Int) throws -> String { try CheckpointSummary(contentsOf: file(step)).digest }
        func line(_ child: String, _ parent: String?, _ why: String) -> String {
            "{\"child\":\"\(child)\",\(parent.map { "\"parent\":\"\($0)\"," } ?? "")\"why\":\"\(why)\"}"
        }
        try {
            let saver = try self.saver(lineage: Lineage(url, resumedFrom: nil))
            for step in [0, 10] { saver.save(try sample(step)) }
        }()
        let (first, second) = (try digest(0), try digest(10))
        try {
            let saver = try self.saver(lineage: Lineage(url, resumedFrom: second))
            saver.save(try sample(20))
            var evaluated = try sample(20)
            evaluated.reachedTarget = true
            _ = saver.finish()
            let third = try digest(20)
            saver.save(evaluated, replacing: true)
            _ = saver.finish()
            let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
            #expect(
                try lines == [
                    line(first, nil, "started"), line(second, first, "trained"), line(third, second, "resumed"),
                    line(digest(20), third, "evaluated"),
                ])
        }()
    }

    /// A saver that has saved before writes the same bytes as a new one.
    @Test func bytesDoNotDependOnEarlierSaves() throws {
        let other = try TemporaryFolder()
        try { try self.saver().save(sample(2)) }()
        let bytes = try Data(contentsOf: file(2))
        let saver = try ChiefSaver(CheckpointStore(directory: other.url))
        for step in 1...2 { saver.save(try sample(step)) }
        _ = saver.finish()
        #expect(try Data(contentsOf: other.file(CheckpointStore.fileName(agentSteps: 2))) == bytes)
    }
}
