import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNSupport
import DQNTraining
import Foundation
import Logging
import Testing

/// Runs that end by a time limit, their progress until then, and saves on request. They are part of this suite because
/// they share its environment, which tests must use one after another.
extension EvaluationOffTheClockTests {
    private func makeRun(
        in directory: RunDirectory, seconds: Double?, steps: Int = 100_000_000, _ settings: [String] = [],
        log: RecordedLog? = nil
    ) throws -> TrainingRun {
        var request = ConfigurationRequest()
        request.environment = SlowEvaluationEnvironment.id
        request.method = "async-q"
        request.steps = steps
        request.assignments =
            [
                "network=mlp:8,8", "log_interval=50", "evaluation_interval=100", "evaluation_episodes=4",
                "evaluation_environments=2", "probe_observations=0",
            ] + settings
        let handler: any LogHandler = if let log { log } else { SwiftLogNoOpLogHandler() }
        let run = try TrainingRun(
            request.resolve(), options: .init(steps: steps, saveEvery: 0, keep: 3), in: directory,
            logger: Logger(label: "test") { _ in handler })
        if let seconds { run.ending.deadline = .now + .seconds(seconds) }
        return run
    }

    private func newest(_ directory: RunDirectory) throws -> Checkpoint {
        try Checkpoint(contentsOf: #require(CheckpointStore(directory: directory.checkpoints).entries().last).url)
    }

    @Test func theRunEndsItselfAndSaves() throws {
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: 1.5)
            #expect(try run.run() == .interrupted)
            #expect(run.ending.isTimeUp && run.trainer.counters.agentSteps > 100)
            #expect(try newest(directory).counters == run.trainer.counters)
        }
    }

    /// A limit before the first step leaves the first state.
    @Test func aLimitThatHasPassedSavesTheStart() throws {
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: -1)
            #expect(try run.run() == .interrupted)
            #expect(try newest(directory).counters.agentSteps == 0)
        }
    }

    /// The run stops early enough for the evaluation that is running, although it takes longer than the usual patience.
    @Test func theRunningEvaluationEndsBeforeTheLimit() throws {
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: 4)
            run.patience = .zero
            // Two environments play two episodes each; the first reset of the first one is not delayed.
            SlowEvaluationEnvironment.setDelay(.milliseconds(300))
            defer { SlowEvaluationEnvironment.setDelay(.zero) }
            #expect(try run.run() == .interrupted)
            let counters = run.trainer.counters
            #expect(run.ending.isTimeUp && counters.evaluations >= 1)
            // One that begins at the end has no time left: the run then ends at its step, and a resume repeats it.
            let (ended, isCut) = (counters.evaluations, counters.agentSteps == (counters.evaluations + 1) * 100)
            #expect(ended == counters.agentSteps / 100 || isCut, "\(ended) evaluations, \(counters.agentSteps) steps")
            #expect(try newest(directory).counters == counters)
        }
    }

    /// An evaluation that is longer than the limit is cancelled, and a resume repeats it.
    @Test func anEndlessEvaluationDoesNotOutlastTheLimit() throws {
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: 2)
            SlowEvaluationEnvironment.setDelay(.seconds(3600))
            defer { SlowEvaluationEnvironment.setDelay(.zero) }
            let start = ContinuousClock.now
            // The environment cannot be cancelled while it resets.
            let release = Thread {
                while ContinuousClock.now - start < .milliseconds(2500) { usleep(10_000) }
                SlowEvaluationEnvironment.setDelay(.zero)
            }
            release.start()
            #expect(try run.run() == .interrupted)
            let state = try newest(directory)
            #expect(state.counters.agentSteps == 100 && state.counters.evaluations == 0)
        }
    }

    /// An evaluation that cannot end within the limit would take all steps after its start with it.
    @Test func anEvaluationThatBeginsTooLateIsSkipped() throws {
        try withRunDirectory { directory in
            let log = RecordedLog()
            // The run releases its directory when it is released itself.
            do {
                let run = try makeRun(in: directory, seconds: 60, log: log)
                run.ending.longestEvaluation = 3600
                #expect(try run.run() == .interrupted)
                #expect(run.ending.isTimeUp)
                let state = try newest(directory)
                #expect(state.counters.agentSteps == 100 && state.counters.evaluations == 0)
                #expect(state.history.agentSteps == [50] && state.evaluation == nil)
            }
            let skipped = log.messages.filter { $0.hasPrefix("the evaluation of agent step 100 is skipped: ") }
            #expect(skipped.count == 1 && skipped.allSatisfy { $0.hasSuffix("a resume makes it") }, "\(log.messages)")
            let resumed = try TrainingRun(
                resuming: directory, steps: 150, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(try resumed.run() == .completed)
            #expect(resumed.trainer.counters.evaluations == 1)
            #expect(resumed.trainer.history.agentSteps == [50, 100, 150])
        }
    }

    @Test func progressShowsTheTimeLeft() throws {
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: 2, ["evaluation_interval=0"])
            var lines: [String] = []
            var left: [Double] = []
            _ = try run.run(onProgress: { progress in
                if let seconds = progress.secondsLeft { left.append(seconds) }
                #expect(progress.endsByTimeLimit)
                lines.append(progress.line.text(columns: 200))
            })
            #expect(left.count > 2 && left.allSatisfy { (-0.1...2).contains($0) }, "\(left)")
            #expect(lines.dropLast().allSatisfy { $0.contains("left (time limit)") }, "\(lines)")
        }
    }

    /// The estimate counts the steps of this process alone, so it is right after a resume too.
    @Test func progressOfAResumedRunShowsTheTimeLeft() throws {
        try withRunDirectory { directory in
            var steps = 0
            // The run releases its directory when it is released itself.
            do {
                let first = try makeRun(
                    in: directory, seconds: nil, steps: 1_000_000_000_000, ["evaluation_interval=0"])
                _ = try first.run(isInterrupted: { steps > 10_000 }) { steps = $0.agentSteps }
            }
            func resumed() throws -> [(TrainingRun.Progress, Double)] {
                let run = try TrainingRun(
                    resuming: directory, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                let start = ContinuousClock.now
                var seen: [(TrainingRun.Progress, Double)] = []
                _ = try run.run(isInterrupted: { seen.count > 5 }) {
                    seen.append(($0, (ContinuousClock.now - start) / .seconds(1)))
                }
                return seen
            }
            for (progress, seconds) in try resumed().dropFirst().dropLast() {
                let left = try #require(progress.secondsLeft)
                let rate = Double(progress.agentSteps - steps) / seconds
                let expected = Double(progress.totalSteps - progress.agentSteps) / rate
                #expect((0.5...2).contains(left / expected), "\(left) instead of \(expected)")
            }
        }
    }

    @Test func longEvaluationsAppearInTheLog() throws {
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: nil, steps: 100, ["evaluation_episodes=40"])
            SlowEvaluationEnvironment.setDelay(.milliseconds(30))
            defer { SlowEvaluationEnvironment.setDelay(.zero) }
            var lines = ProgressLines(every: .milliseconds(100))
            var (rare, none) = (ProgressLines(every: .seconds(3600)), ProgressLines(every: nil))
            var found: [Int] = []
            _ = try run.run(onProgress: { progress in
                #expect(rare.line(progress) == nil && none.line(progress) == nil, "an hour is not over")
                guard let line = lines.line(progress), line.contains("evaluating") else { return }
                let match = line.firstMatch(of: #/step 100/100  .*evaluating: (\d+)/40 episodes, \d+ steps$/#)
                found.append(match.flatMap { Int($0.output.1) } ?? -1)
            })
            #expect(found.count >= 2 && found == found.sorted() && found.first != -1, "\(found)")
        }
    }

    /// A request during an evaluation saves the evaluated step, and the evaluation still counts.
    @Test func aRequestedSaveDuringAnEvaluationKeepsIt() throws {
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: nil, steps: 200)
            SlowEvaluationEnvironment.setDelay(.milliseconds(600))
            defer { SlowEvaluationEnvironment.setDelay(.zero) }
            var isRequested = false
            run.ending.takeSaveRequest = { [unowned run] in
                defer { if run.trainer.isEvaluationPending { isRequested = true } }
                return run.trainer.isEvaluationPending && !isRequested
            }
            var isSavedMeanwhile = false
            _ = try run.run(onProgress: { _ in
                let steps = (try? CheckpointStore(directory: directory.checkpoints).entries().map(\.agentSteps)) ?? []
                if run.trainer.isEvaluationPending, steps.contains(100) { isSavedMeanwhile = true }
            })
            let counters = run.trainer.counters
            #expect(counters.agentSteps == 200 && counters.evaluations == 2)
            #expect(isSavedMeanwhile)
            #expect(try newest(directory).counters == counters)
        }
    }

    /// Queues signal all processes of a job. An environment's may end by it just when the run is interrupted.
    @Test func anEnvironmentThatFailsWithTheInterruptionIsNoFailure() throws {
        SlowEvaluationEnvironment.failingStep = 120
        defer { SlowEvaluationEnvironment.failingStep = .max }
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: nil, ["evaluation_interval=0"])
            #expect(try run.run(isInterrupted: { run.trainer.failure != nil }) == .interrupted)
            let state = try newest(directory)
            #expect(state.counters == run.trainer.counters && state.counters.agentSteps > 100)
            #expect(state.workers.map(\.status) == [.abandoned])
        }
        try withRunDirectory { directory in
            let run = try makeRun(in: directory, seconds: nil, ["evaluation_interval=0"])
            #expect(throws: TrainingError.self) { try run.run() }
        }
    }
}
