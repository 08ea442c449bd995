import DQNLearning
import DQNModel
import DQNTraining
import Testing

/// Settings under which nothing is learnt are named before a run starts.
@Suite struct ForesightTests {
    private func notices(
        _ environment: String, _ method: String, _ assignments: [String], steps: Int, workers: Int = 1
    ) throws -> [String] {
        var request = ConfigurationRequest()
        request.environment = environment
        request.method = method
        request.assignments = assignments
        request.steps = steps
        request.flags["workers"] = .integer(Int64(workers))
        return Foresight.notices(on: try request.resolve(), steps: steps)
    }

    @Test(arguments: [
        ("dqn", ["learning_starts=500"], 500, 1, ["learning starts after 500 of 500", "--set learning_starts=50"]),
        (
            "dqn", ["learning_starts=0", "train_interval=500"], 500, 1,
            ["train_interval 500", "--set train_interval=4"]
        ),
        // The only training phase before the end lies before learning starts.
        ("dqn", ["learning_starts=400", "train_interval=300"], 500, 1, ["train_interval 300", "learning_starts 400"]),
        // Each worker has its own steps and its own replay.
        (
            "async-dqn", ["learning_starts=0", "train_interval=200"], 600, 3,
            ["each of 3 workers, with 200 agent steps"]
        ),
        ("async-dqn", ["learning_starts=0", "batch_size=300"], 500, 2, ["batch_size 300", "no worker learns"]),
        ("async-dqn", ["learning_starts=600", "worker_steps=100"], 9000, 2, ["learning starts after 600 of 200"]),
        (
            "dqn", ["learning_starts=0", "batch_size=300", "replay_capacity=200"], 5000, 1,
            ["batch_size 300", "replay_capacity 200", "the same few transitions several times"]
        ),
        ("dqn", ["learning_starts=0", "batch_size=300"], 200, 1, ["batch_size 300", "200 agent steps"]),
        ("dqn", ["learning_starts=0", "target_interval=1000"], 1000, 1, ["target_interval 1000", "initial network"]),
        ("async-q", ["segment_length=200"], 100, 1, ["segment_length 200", "unless episodes end earlier"]),
        (
            "a3c", ["segment_length=20", "environments_per_worker=8"], 200, 2,
            ["segment_length 20", "each of 8 environments", "each of 2 workers takes 100, so nothing is learnt"]
        ),
        ("pqn", ["segment_length=200"], 100, 1, ["so nothing is learnt; set"]),
    ])
    func namesWhatIsNeverReached(
        method: String, assignments: [String], steps: Int, workers: Int, words: [String]
    ) throws {
        let notices = try notices("CartPole-v1", method, assignments, steps: steps, workers: workers)
        for word in words { #expect(notices.contains { $0.contains(word) }, "\(word): \(notices)") }
    }

    @Test func namesAnAtariPresetWithFewSteps() throws {
        var configuration = TrainingConfiguration()
        configuration.preset = "atari"
        configuration.learningStarts = 100_000
        var notices = Foresight.notices(on: configuration, steps: 10_000)
        #expect(notices.first?.contains("the preset 'atari' is for a million") == true, "\(notices)")
        configuration.method = "a3c"
        notices = Foresight.notices(on: configuration, steps: 10_000)
        #expect(notices.first?.contains("learns next to nothing in 10000; set a larger --steps") == true, "\(notices)")
    }

    @Test func namesARunThatEndsBeforeItsFirstEvaluation() throws {
        var configuration = TrainingConfiguration()
        configuration.learningStarts = 0
        configuration.scheduleSteps = 50_000
        configuration.evaluationInterval = 10_000
        configuration.targetInterval = 100
        #expect(Foresight.notices(on: configuration, steps: 10_000) == [])
        configuration.targetReturn = 1
        let notices = Foresight.notices(on: configuration, steps: 9_000)
        #expect(notices.first?.contains("nothing is evaluated, and target_return has no effect") == true, "\(notices)")
        // The end of the schedules is evaluated.
        configuration.scheduleSteps = 9_000
        #expect(Foresight.notices(on: configuration, steps: 9_000) == [])
        configuration.evaluationInterval = 0
        #expect(Foresight.notices(on: configuration, steps: 9_000) == [])
    }

    @Test(arguments: TrainingMethods.names) func aPresetHasNoNotices(method: String) throws {
        let named = try TrainingMethods.named(method)
        guard named.extensionOwner == nil else { return }
        for environment in ["CartPole-v1", "Acrobot-v1", "MountainCar-v0", "Catch-v0", "Catch84-v0"] {
            for workers in named.allowsSeveralWorkers ? [1, 2] : [1] {
                var request = ConfigurationRequest()
                (request.environment, request.method) = (environment, method)
                request.flags["workers"] = .integer(Int64(workers))
                let configuration = try request.resolve()
                #expect(Foresight.notices(on: configuration, steps: configuration.scheduleSteps) == [])
            }
        }
    }
}
