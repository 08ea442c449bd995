internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNSupport

/// Holds the environment of worker 0 from its creation until the worker takes it.
///
/// `@unchecked Sendable`: only jobs on worker 0's thread use the environment; the specification is written during such
/// a job and read afterwards.
final class EnvironmentBox: @unchecked Sendable {
    private var environment: (any Environment)?
    private var specification: EnvironmentSpecification?

    /// Creates the environment on worker 0's thread and returns its specification.
    ///
    /// - Parameter agentSteps: agent steps so far, for errors.
    /// - Throws: the environment's error; ``TrainingError`` (`runFailed`) if the thread ends or does not respond.
    func fill(
        _ pool: WorkerPool, _ configuration: TrainingConfiguration, _ gymnasium: GymnasiumSettings, agentSteps: Int
    ) throws -> EnvironmentSpecification {
        let failures = pool.perform(on: [0]) { _, heartbeat in
            let environment = try heartbeat.starting {
                try configuration.makeEnvironment(for: .training, gymnasium: gymnasium)
            }
            self.environment = environment
            self.specification = environment.specification
        }
        if case .failed(let error)? = failures[0] { throw error }
        guard failures[0] == nil, let specification else {
            let failure = failures[0] ?? .died
            throw failure.error(of: "Worker 0", at: agentSteps, during: "creating its environment")
        }
        return specification
    }

    /// Releases the environment on its own thread, if nobody has taken it.
    func release(_ pool: WorkerPool) { _ = pool.perform(on: [0]) { _, _ in _ = self.take() } }

    /// Returns the environment, once; called on worker 0's thread.
    func take() -> (any Environment)? {
        defer { environment = nil }
        return environment
    }
}
