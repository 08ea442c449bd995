import DQNEnvironments
import DQNLearning
import DQNModel
import DQNTraining
import Testing

// Allocations are counted on Linux only.
#if os(Linux)
    /// A worker's whole loop, driven by ``Trainer``: claiming the step, choosing the action, environment, frame stack, replay
    /// or segment, update, refreshes of the parameters, and ends of episodes.
    @Suite struct StepAllocationTests {
        struct Case: CustomTestStringConvertible {
            var environment = "CartPole-v1"
            var network = "mlp:32,32"
            var method = "dqn"
            var workers = 1
            var settings: [String: JSONValue] = [:]

            var testDescription: String {
                "\(method) \(environment) \(workers) " + settings.keys.sorted().joined(separator: " ")
            }
        }

        static let cases: [Case] = [
            Case(),
            Case(settings: ["double": .bool(true), "dueling": .bool(true), "n_step": .integer(3)]),
            Case(settings: ["prioritized": .bool(true)]),
            Case(settings: ["munchausen": .bool(true), "n_step": .integer(3)]),
            Case(settings: ["quantiles": .integer(20), "prioritized": .bool(true)]),
            Case(method: "async-nstep-q", workers: 2, settings: ["munchausen": .bool(true)]),
            Case(environment: "Catch84-v0", network: "nips-cnn", settings: ["frame_stack": .integer(4)]),
            Case(settings: ["compute_threads": .integer(2)]),
            Case(method: "async-dqn", workers: 2),
            Case(method: "async-dqn", workers: 2, settings: ["shared_statistics": .bool(false)]),
            Case(method: "async-q", workers: 2),
            Case(method: "async-q", workers: 2, settings: ["double": .bool(true)]),
            Case(method: "async-sarsa", workers: 2),
            Case(method: "async-nstep-q", workers: 2),
            Case(
                environment: "Catch84-v0", network: "nips-cnn", method: "async-nstep-q", workers: 2,
                settings: ["frame_stack": .integer(4)]),
            Case(method: "a3c", workers: 2),
            Case(settings: ["environments_per_worker": .integer(3), "prioritized": .bool(true)]),
            Case(method: "async-dqn", workers: 2, settings: ["environments_per_worker": .integer(2)]),
            Case(method: "async-q", workers: 2, settings: ["environments_per_worker": .integer(2)]),
            Case(method: "async-sarsa", settings: ["environments_per_worker": .integer(3)]),
            Case(method: "a3c", settings: ["environments_per_worker": .integer(4)]),
            Case(method: "pqn", settings: ["environments_per_worker": .integer(4)]),
        ]

        @Test(arguments: cases)
        func aWarmWorkerAllocatesNothing(_ what: Case) throws {
            // Enough episodes to fill the arrays of recent returns.
            let isPixels = what.network != "mlp:32,32"
            let (warm, watched) = isPixels ? (1_200, 200) : (6_000, 1_000)
            let (id, count) = try WatchedEnvironment.register(what.environment, steps: warm..<(warm + watched))
            var configuration = TrainingConfiguration()
            configuration.environment = id
            configuration.network = what.network
            configuration.method = what.method
            configuration.workers = what.workers
            configuration.replayCapacity = isPixels ? 600 : 2_000
            configuration.learningStarts = isPixels ? 1_000 : 500
            configuration.batchSize = 16
            configuration.targetInterval = 50
            configuration.evaluationInterval = 0
            configuration.logInterval = 1_000_000
            for (name, value) in what.settings { try configuration.set(name, to: value) }
            let environments = configuration.environmentsPerWorker
            configuration.workerSteps = environments * (warm + watched + 100)
            let trainer = try Trainer(configuration)
            try trainer.advance(to: what.workers * environments * (warm + watched + 100))
            let values = count.values
            print(
                "\(what.testDescription): \(values.own) own allocations, \(values.computeLibrary) inside oneDNN, in "
                    + "\(values.workers * watched) steps")
            // The last of a worker's environments starts the count.
            #expect(values.workers == what.workers * environments)
            #expect(values.own == 0)
        }
    }
#endif
