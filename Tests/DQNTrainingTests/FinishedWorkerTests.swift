import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNTraining
import Foundation
import Testing

#if os(Linux)
    /// A finished worker releases its memory while the others continue.
    @Suite struct FinishedWorkerTests {
        /// Steps of each worker; its replay holds all of them, about 60 MB of frames.
        private static let steps = 900
        private static let replayBytes = steps * LargeFrameEnvironment.space.byteCount

        /// Runs in its own process, because other tests allocate and release memory at the same time.
        @Test func releasesItsReplayAndLeavesItOutOfLaterCheckpoints() async {
            await #expect(processExitsWith: .success) { try FinishedWorkerTests.train() }
        }

        private static func train() throws {
            LargeFrameEnvironment.registration
            var request = ConfigurationRequest()
            request.environment = LargeFrameEnvironment.id
            request.method = "async-dqn"
            request.steps = 2 * steps
            // Nothing is learnt, so that only frames take memory.
            request.assignments = [
                "workers=2", "worker_steps=\(steps)", "replay_capacity=\(steps + 100)", "network=mlp:2", "batch_size=1",
                "learning_starts=1000000", "log_interval=25", "evaluation_interval=0",
            ]
            let trainer = try Trainer(request.resolve())

            // Worker 0 takes nearly all steps; the test saves at intervals, as a run does.
            var resident = try residentBytes()
            var notices: [String] = []
            while notices.isEmpty {
                if trainer.counters.agentSteps % 250 == 0 {
                    #expect(try trainer.checkpoint().workers.allSatisfy { $0.status == .running && $0.replay != nil })
                }
                resident = try residentBytes()
                notices = try trainer.advance(to: 2 * steps).notices
            }
            let fallen = try resident - residentBytes()
            #expect(fallen > replayBytes * 3 / 4, "\(fallen) of \(replayBytes) bytes were released")
            #expect(notices.count == 1)
            #expect(
                notices[0].hasPrefix("worker 0 has finished its \(steps) steps; its memory is released"))
            #expect(notices[0].contains("do not contain its replay"))

            // The other continues alone, and a checkpoint has the status of both.
            #expect(!trainer.allWorkersFinished)
            let taken = trainer.counters.agentSteps
            try trainer.advance(to: taken + 25)
            let checkpoint = try trainer.checkpoint()
            #expect(checkpoint.counters.agentSteps > taken)
            let (first, second) = (checkpoint.workers[0], checkpoint.workers[1])
            #expect(first.status == .finished && first.agentSteps == steps)
            #expect(first.replay == nil && first.environment == nil && first.observation == nil)
            #expect(second.status == .running && second.replay?.count == second.agentSteps + 1)
            #expect(second.agentSteps == checkpoint.counters.agentSteps - steps)

            // A resume leaves the finished worker unchanged.
            let resumed = try Trainer(resuming: checkpoint)
            try resumed.advance(to: checkpoint.counters.agentSteps + 5)
            let later = try resumed.checkpoint().workers
            #expect(later[0].status == .finished && later[0].agentSteps == steps && later[0].replay == nil)
            #expect(later[1].agentSteps == second.agentSteps + 5)
        }

        /// Resident memory of this process, in bytes.
        private static func residentBytes() throws -> Int {
            let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
    }
#endif
