import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Runs with several workers: exact step counts, separate random streams, and resumes with more and fewer workers.
@Suite struct WorkersTests {
    private func train(_ directory: TemporaryDirectory, _ run: String, _ arguments: [String]) throws {
        let result = try Program.run(
            "dqn-train",
            [
                "--env", "CartPole-v1", "--schedule-steps", "900", "--save-every", "100", "--keep", "100", "-q",
                "--out", directory(run),
            ] + tiny + arguments)
        #expect(result.status == 0, "\(result.errors)")
    }

    /// Resumes a run and returns its messages.
    private func resume(
        _ directory: TemporaryDirectory, to step: Int, workers: Int? = nil
    ) throws -> String {
        let flags = workers.map { ["--workers", "\($0)"] } ?? []
        let result = try Program.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "\(step)"] + flags)
        #expect(result.status == 0, "\(result.errors)")
        return result.errors
    }

    @Test func refusesTooManyWorkersAtAResumeBeforeTheyStart() throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run", ["--method", "async-q", "--workers", "1", "--steps", "100"])
        let result = try Program.run("dqn-train", "--resume", directory("run"), "--steps", "200", "--workers", "100000")
        #expect(result.status == 64)
        #expect(
            result.errors.contains("Invalid value 100000 for 'workers'; allowed: integer 1…4096"), "\(result.errors)")
        #expect(try directory.checkpoint("run", 100).workers.count == 1)
    }

    @Test(arguments: ["async-dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c"])
    func twoWorkersTakeExactlyTheRequestedStepsWithSeparateStreams(method: String) throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run", ["--method", method, "--workers", "2", "--steps", "550"])
        for step in [0, 300, 550] {
            let checkpoint = try directory.checkpoint("run", step)
            let workers = checkpoint.workers
            #expect(checkpoint.counters.agentSteps == step && workers.count == 2)
            #expect(workers.map(\.agentSteps).reduce(0, +) == step)
            #expect(workers.allSatisfy { $0.status == .running })
            // Equal seeds would appear as equal states at step 0. No stream of one worker equals any stream of the other.
            let words = workers.map { Set($0.generators.values.map(\.words) + [environmentWords($0)]) }
            #expect(words.allSatisfy { $0.count == (method == "async-dqn" ? 3 : 2) })
            #expect(words[0].isDisjoint(with: words[1]))
            #expect(workers[0].environment != workers[1].environment)
            #expect(workers[0].observation != workers[1].observation)
        }
        let rows = try String(contentsOfFile: directory("run/workers.csv"), encoding: .utf8).split(separator: "\n")
        let cells = rows.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(cells.map { "\($0[0]) \($0[1])" } == [100, 200, 300, 400, 500].flatMap { ["\($0) 0", "\($0) 1"] })
        for row in stride(from: 0, to: cells.count, by: 2) {
            let taken = try (row...(row + 1)).map { try #require(Int(cells[$0][2])) }
            #expect(taken.reduce(0, +) == Int(cells[row][0]))
        }
    }

    private func environmentWords(_ worker: WorkerState) -> [UInt64] {
        guard case .uint64(let words)? = worker.environment?.values["random"] else { return [] }
        return words
    }

    /// Includes the arrays that methods keep for a worker, such as a private copy of the parameters.
    @Test(arguments: [
        ["--method", "async-dqn"], ["--method", "async-sarsa"],
        [
            "--method", "async-dqn", "--set", "prioritized=true", "--set", "n_step=3", "--set",
            "shared_statistics=false", "--set", "refresh_interval=3",
        ],
        ["--method", "async-dqn", "--set", "prioritized=true"],
        ["--method", "async-nstep-q", "--set", "shared_statistics=false"],
    ])
    func runResumesWithMoreAndFewerWorkers(arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        try train(directory, "run", arguments + ["--workers", "2", "--steps", "250"])

        // The number is the same, so there is no message.
        #expect(try !resume(directory, to: 300).contains("warning"))
        var workers = try directory.checkpoint("run", 300).workers
        #expect(workers.count == 2)

        // An additional worker starts fresh and is reported; the others continue.
        var messages = try resume(directory, to: 400, workers: 3)
        #expect(messages.contains("worker 2 is new") && !messages.contains("is inactive"), "\(messages)")
        let before = workers
        workers = try directory.checkpoint("run", 400).workers
        #expect(workers.count == 3 && workers.map(\.agentSteps).reduce(0, +) == 400)
        for (old, new) in zip(before, workers) {
            #expect(new.agentSteps >= old.agentSteps)
            #expect((new.replay?.count ?? 0) >= (old.replay?.count ?? 0))
        }
        let streams = Set(workers.flatMap { $0.generators.values.map(\.words) + [environmentWords($0)] })
        #expect(streams.count == 3 * (workers[0].replay == nil ? 2 : 3))

        // With fewer workers two of them rest, and their state is kept unchanged.
        messages = try resume(directory, to: 450, workers: 1)
        #expect(messages.contains("worker 1 is inactive") && messages.contains("worker 2 is inactive"), "\(messages)")
        _ = try resume(directory, to: 500)
        let resting = try directory.checkpoint("run", 500).workers
        #expect(resting.map(\.status) == [.running, .resting, .resting])
        #expect(resting[0].agentSteps == workers[0].agentSteps + 100)
        for index in 1...2 { #expect(differences(workers[index], resting[index]) == []) }

        // One of them continues from its state; the other stays at rest.
        messages = try resume(directory, to: 600, workers: 2)
        #expect(
            messages.contains("worker 2 is inactive") && !messages.contains("worker 1 is inactive")
                && !messages.contains("new"),
            "\(messages)")
        let awake = try directory.checkpoint("run", 600).workers
        #expect(awake.map(\.status) == [.running, .running, .resting])
        #expect(awake[0].agentSteps + awake[1].agentSteps == resting[0].agentSteps + resting[1].agentSteps + 100)
        #expect(awake[1].agentSteps >= resting[1].agentSteps)
        #expect((awake[1].replay?.count ?? 0) >= (resting[1].replay?.count ?? 0))
        #expect(differences(workers[2], awake[2]) == [])
    }

    @Test(arguments: [
        ["n_step=1"], ["prioritized=true", "shared_statistics=false"], ["prioritized=true", "refresh_interval=2"],
    ])
    func runOfOneWorkerResumesWithTwo(settings: [String]) throws {
        let directory = try TemporaryDirectory()
        try train(
            directory, "run", ["--method", "async-dqn", "--steps", "250"] + settings.flatMap { ["--set", $0] })
        #expect(try resume(directory, to: 400, workers: 2).contains("worker 1 is new"))
        let workers = try directory.checkpoint("run", 400).workers
        #expect(workers.map(\.status) == [.running, .running])
        #expect(workers.map(\.agentSteps).reduce(0, +) == 400 && workers[0].agentSteps >= 250)
    }

    /// Returns the differences between two states of a worker, except its status.
    private func differences(_ left: WorkerState, _ right: WorkerState) -> [String] {
        var found: [String] = []
        func compare<Value: Equatable>(_ name: String, _ value: (WorkerState) throws -> Value) rethrows {
            if try value(left) != value(right) { found.append(name) }
        }
        compare("agent steps") { $0.agentSteps }
        compare("final epsilon") { $0.finalEpsilon }
        compare("learner") { $0.learner }
        compare("generators") { $0.generators }
        compare("environment") { $0.environment }
        compare("observation") { $0.observation }
        compare("episode") { [$0.episodeReturn, Double($0.episodeLength)] }
        compare("returns") { $0.recentReturns }
        compare("lengths") { $0.recentLengths }
        compare("ring") { [$0.replay?.capacity, $0.replay?.count, $0.replay?.cursor] }
        compare("replay") { state in
            (state.replay?.columns ?? []).map { column in
                var bytes = Array(column.name.utf8)
                state.replay?.forEachRun(of: column) { bytes += $0 }
                return bytes
            }
        }
        return found
    }
}
