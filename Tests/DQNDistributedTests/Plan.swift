import DQNCheckpoint
@_spi(Distributed) import DQNDistributed
import DQNLearning
import DQNModel
import DQNTraining
import Foundation

/// What a chief trains in a test.
struct Plan {
    var method = "async-dqn"
    var workers = 1
    var steps: Int?
    var scheduleSteps: Int?
    var saveEvery = 60
    var assignments: [String] = []
    /// The directory of a new run, or that of the run to resume.
    var directory: URL
    var resumes = false

    /// Creates the run, or resumes it.
    func makeRun(_ makeStore: ParameterStoreFactory? = nil) throws -> TrainingRun {
        if resumes {
            return try TrainingRun(resuming: RunDirectory(directory), steps: steps, makeStore: makeStore)
        }
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.method = method
        request.steps = steps
        request.assignments = assignments
        request.flags["workers"] = .integer(Int64(workers))
        if let scheduleSteps { request.flags["schedule_steps"] = .integer(Int64(scheduleSteps)) }
        return try TrainingRun(
            request.resolve(), options: .init(steps: steps ?? 100, saveEvery: saveEvery, keep: 100),
            in: RunDirectory(directory), makeStore: makeStore)
    }
}

extension ChiefRole {
    /// How a run has ended, as the program's exit code and message.
    struct End {
        let code: Int32
        let message: String
    }

    /// Trains to the end of the run, and ends all processes.
    func train(
        _ plan: Plan, isInterrupted: () -> Bool = { false }, onProgress: (_ steps: Int) -> Void = { _ in }
    ) -> End {
        do {
            let run = try plan.makeRun(makeStore)
            let outcome = try run.run(isInterrupted: isInterrupted) { onProgress($0.agentSteps) }
            end(failure: nil)
            return End(code: outcome == .interrupted ? 130 : 0, message: "\(run.trainer.counters.agentSteps) steps")
        } catch {
            end(failure: "\(error)")
            return End(code: (error as? TrainingError)?.code == .invalidConfiguration ? 64 : 1, message: "\(error)")
        }
    }
}
