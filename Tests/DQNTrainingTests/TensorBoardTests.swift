import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNReport
import DQNTraining
import Foundation
import Logging
import Testing

/// The events for TensorBoard, read by a strict reader of the tests. `Scripts/test-tensorboard` reads them with TensorBoard's
/// own reader.
@Suite struct TensorBoardTests {
    private let log = RecordedLog()
    private var logger: Logger { Logger(label: "test") { [log] _ in log } }

    private func configuration(_ further: [String] = []) throws -> TrainingConfiguration {
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.steps = 600
        request.assignments =
            [
                "network=mlp:8", "learning_starts=50", "batch_size=8", "replay_capacity=200", "log_interval=50",
                "evaluation_interval=150", "evaluation_episodes=2", "probe_observations=16",
            ] + further
        return try request.resolve()
    }

    private func watching(_ events: TrainingRun.Watching.Events) -> TrainingRun.Watching {
        var watching = TrainingRun.Watching()
        watching.events = events
        return watching
    }

    private func start(
        _ directory: RunDirectory, steps: Int, _ events: TrainingRun.Watching.Events = .runDirectory,
        _ further: [String] = []
    ) throws {
        var options = TrainingRun.Options(steps: steps, saveEvery: 100, keep: 20)
        options.watching = watching(events)
        let run = try TrainingRun(configuration(further), options: options, in: directory, logger: logger)
        _ = try run.run()
    }

    private func resume(
        _ directory: RunDirectory, steps: Int, _ events: TrainingRun.Watching.Events = .asBefore,
        which: CheckpointSelection = .latest
    ) throws {
        let run = try TrainingRun(
            resuming: directory, steps: steps, evaluation: EvaluationChanges(), which: which,
            watching: watching(events), logger: logger)
        _ = try run.run()
    }

    /// Leaves what a kill leaves after the save of a step: later checkpoints are missing, later records are not.
    private func kill(_ directory: RunDirectory, at step: Int) throws {
        for entry in try CheckpointStore(directory: directory.checkpoints).entries() where entry.agentSteps > step {
            try FileManager.default.removeItem(at: entry.url)
        }
    }

    private func folder(_ directory: RunDirectory) -> URL { directory.url.appendingPathComponent("tensorboard") }

    /// The cells of a table by step: numbers as events hold them.
    private func table(_ url: URL) throws -> [(step: Int, cells: [String: Float])] {
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        return lines.dropFirst().map { cells in
            let pairs = zip(lines[0], cells).compactMap { name, cell in Double(cell).map { (name, Float($0)) } }
            return (Int(cells[0]) ?? -1, Dictionary(uniqueKeysWithValues: pairs))
        }
    }

    /// Compares the events with the files of the run, number by number.
    private func expectSameNumbers(_ directory: RunDirectory, in folder: URL? = nil) throws {
        let recorded = try RecordedEvents(folder ?? self.folder(directory))
        let rows = try table(directory.metrics)
        let tags = Set(rows.flatMap(\.cells.keys)).subtracting(["time/total_timesteps"])
        #expect(tags.count > 12)
        var expected: [String: [Int: Float]] = [:]
        for (step, cells) in rows { for (tag, value) in cells { expected[tag, default: [:]][step] = value } }
        expected["time/total_timesteps"] = nil
        for (step, cells) in try table(directory.workers) {
            let worker = Int(try #require(cells["worker"]))
            for (name, value) in cells where name.hasPrefix("worker/") {
                expected["worker_\(worker)/\(name.dropFirst(7))", default: [:]][step] = value
            }
        }
        let found = Set(recorded.events.flatMap(\.scalars.keys))
        #expect(found == Set(expected.keys), "\(found.symmetricDifference(expected.keys))")
        for (tag, values) in expected { #expect(recorded.scalars(tag) == values, "\(tag)") }
        let steps = recorded.events.map(\.step).filter { $0 > 0 }
        #expect(steps == steps.sorted(), "readers expect rising steps")
        let evaluated = rows.filter { $0.cells["eval/mean_reward"] != nil }.map(\.step)
        #expect(recorded.events.filter { !$0.pictures.isEmpty }.map(\.step) == evaluated)
        #expect(recorded.events.filter { !$0.histograms.isEmpty }.map(\.step) == evaluated)
    }

    @Test func eventsHaveTheNumbersOfTheTables() throws {
        try withRunDirectory { directory in
            try start(directory, steps: 600)
            try expectSameNumbers(directory)
            let events = try RecordedEvents(folder(directory)).events
            #expect(events.first?.version == "brain.Event:2" && events.dropFirst().first?.isStart == true)
            for event in events {
                for (tag, file) in event.pictures {
                    #expect(tag == "evaluation/episode" && file.prefix(4) == [0x89, 0x50, 0x4E, 0x47])
                }
                // Two actions for each of 16 observations.
                for (tag, counts) in event.histograms {
                    #expect(tag == "probe/q_values" && counts.reduce(0, +) == 32, "\(counts)")
                }
            }
            let metadata = events.reduce(into: [:]) { $0.merge($1.metadata) { $1 } }
            #expect(
                Set(metadata.keys) == [
                    "_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info",
                ])
            let start = try #require(metadata["_hparams_/session_start_info"])
            let information = try RecordedEvents.part(3, of: start[...])
            let keys = try RecordedEvents.fields(information).filter { $0.field == 1 }.map { entry in
                String(decoding: try RecordedEvents.part(1, of: entry.body), as: UTF8.self)
            }
            #expect(Set(keys) == Set(ConfigurationKey.all.map(\.name)))
        }
    }

    /// What a kill at three places leaves, with half a record at the end.
    @Test func killsLeaveNeitherGapsNorDoubles() throws {
        try withRunDirectory { directory in
            try start(directory, steps: 300)
            for (step, end) in [(200, 420), (300, 500), (400, 600)] {
                try kill(directory, at: step)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder(directory).path)
                let file = folder(directory).appendingPathComponent(try #require(names.first))
                let handle = try FileHandle(forWritingTo: file)
                try handle.truncate(atOffset: handle.seekToEnd() - 7)
                try handle.close()
                try resume(directory, steps: end)
                try expectSameNumbers(directory)
                #expect(try RecordedEvents(folder(directory)).files.count == 1)
            }
            #expect(try table(directory.metrics).map(\.step) == Array(stride(from: 50, through: 600, by: 50)))
        }
    }

    /// A kill while the file is replaced leaves both files.
    @Test func aKillBetweenTwoFilesLeavesNoDoubles() throws {
        try withRunDirectory { directory in
            try start(directory, steps: 300)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder(directory).path)
            let name = try #require(names.first)
            let copy = name.replacing("events.out.tfevents.1", with: "events.out.tfevents.0")
            #expect(copy != name)
            try FileManager.default.copyItem(
                at: folder(directory).appendingPathComponent(name), to: folder(directory).appendingPathComponent(copy))
            try resume(directory, steps: 400)
            try expectSameNumbers(directory)
        }
    }

    /// A run that has no events gets those of its whole past.
    @Test func aLaterStartFillsThePast() throws {
        try withRunDirectory { directory in
            try start(directory, steps: 300, .asBefore)
            #expect(!FileManager.default.fileExists(atPath: folder(directory).path))
            try resume(directory, steps: 400, .runDirectory)
            let recorded = try RecordedEvents(folder(directory))
            #expect(recorded.scalars("rollout/exploration_rate").count == 8)
            #expect(recorded.scalars("worker_0/timesteps")[50] == 50)
            let times = recorded.events.filter { !$0.scalars.isEmpty }.map(\.time)
            #expect(times == times.sorted(), "the time of a row comes from metrics.csv")
            // A resume without the option continues them.
            try resume(directory, steps: 500)
            #expect(try RecordedEvents(folder(directory)).scalars("rollout/exploration_rate").count == 10)
        }
    }

    @Test func aReturnKeepsTheLaterEventsAside() throws {
        try withRunDirectory { directory in
            try start(directory, steps: 400)
            let before = try RecordedEvents(folder(directory)).scalars("rollout/exploration_rate")
            try resume(directory, steps: 300, which: .step(200))
            try expectSameNumbers(directory)
            let aside = RunDirectory(directory.url.appendingPathComponent("aside-1"))
            #expect(try RecordedEvents(folder(aside)).scalars("rollout/exploration_rate") == before)
        }
    }

    @Test func eventsOfOthersAreLeftAlone() throws {
        try withRunDirectory { directory in
            let shared = directory.url.appendingPathExtension("events")
            defer { try? FileManager.default.removeItem(at: shared) }
            try FileManager.default.createDirectory(at: shared, withIntermediateDirectories: true)
            let foreign = shared.appendingPathComponent("events.out.tfevents.9999999999.host")
            try Data("theirs".utf8).write(to: foreign)
            try start(directory, steps: 100, .folder(shared))
            try resume(directory, steps: 200, .folder(shared))
            #expect(try Data(contentsOf: foreign) == Data("theirs".utf8))
            try FileManager.default.removeItem(at: foreign)
            try expectSameNumbers(directory, in: shared)
            // Another run must not mix its events with these, and neither must a new run in the same directory.
            let other = RunDirectory(directory.url.appendingPathComponent("other"))
            var error = #expect(throws: TrainingError.self) { try start(other, steps: 100, .folder(shared)) }
            #expect(error?.code == .outputDirectory && error?.message.contains("events of another run") == true)
            #expect(!FileManager.default.fileExists(atPath: other.url.path), "a refused run writes nothing")
            try FileManager.default.removeItem(at: directory.url)
            error = #expect(throws: TrainingError.self) { try start(directory, steps: 100, .folder(shared)) }
            #expect(error?.message.contains("events of an earlier run") == true, "\(String(describing: error))")
        }
    }

    @Test func aLinkInTheRunsDirectoryIsRefused() throws {
        try withRunDirectory { directory in
            try start(directory, steps: 100, .asBefore)
            let elsewhere = directory.url.appendingPathComponent("elsewhere")
            try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(at: folder(directory), withDestinationURL: elsewhere)
            let error = #expect(throws: TrainingError.self) { try resume(directory, steps: 200, .runDirectory) }
            #expect(error?.message.contains("is a symbolic link") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).isEmpty)
        }
    }

    /// What evaluations show changes nothing that is computed.
    @Test func watchingChangesNoCheckpoint() throws {
        try withRunDirectory { directory in
            let (plain, watched) = (
                RunDirectory(directory.url.appendingPathComponent("a")),
                RunDirectory(directory.url.appendingPathComponent("b"))
            )
            try start(plain, steps: 300, .asBefore)
            try start(watched, steps: 300)
            let file = CheckpointStore.fileName(agentSteps: 300)
            #expect(
                try Data(contentsOf: plain.checkpoints.appendingPathComponent(file))
                    == Data(contentsOf: watched.checkpoints.appendingPathComponent(file)))
        }
    }

    @Test func anActorCriticHasStateValues() throws {
        try withRunDirectory { directory in
            var request = ConfigurationRequest()
            request.environment = "Catch-v0"
            request.method = "a3c"
            request.steps = 200
            request.flags["workers"] = .integer(2)
            request.assignments = [
                "network=mlp:8", "log_interval=100", "evaluation_interval=100", "evaluation_episodes=1",
                "probe_observations=8",
            ]
            var options = TrainingRun.Options(steps: 200, saveEvery: 0, keep: 2)
            options.watching = watching(.runDirectory)
            _ = try TrainingRun(request.resolve(), options: options, in: directory, logger: logger).run()
            try expectSameNumbers(directory)
            let recorded = try RecordedEvents(folder(directory))
            #expect(recorded.events.compactMap { $0.histograms["probe/state_values"]?.reduce(0, +) } == [8, 8])
            #expect(recorded.scalars("worker_1/timesteps").count == 2)
        }
    }
}
