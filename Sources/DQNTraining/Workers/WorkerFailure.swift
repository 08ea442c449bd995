internal import DQNLearning
internal import DQNModel
internal import DQNSupport

/// Why a worker, or the evaluation, cannot continue.
enum WorkerFailure {
    /// Its job threw an error.
    case failed(any Error)
    /// Its thread has ended.
    case died
    /// It has not finished a step for this long.
    case unresponsive(Duration)

    /// The error that ends the run.
    ///
    /// - Parameters:
    ///   - name: who failed, at the start of a sentence.
    ///   - agentSteps: agent steps of the run so far.
    ///   - activity: what failed, as in "taking a step".
    func error(of name: String, at agentSteps: Int, during activity: String) -> TrainingError {
        let step = "agent step \(agentSteps)"
        switch self {
        case .failed(let error as TrainingError): return error
        case .failed(let error):
            return TrainingError(
                code: .runFailed, message: "\(name) failed at \(step) while \(activity): \(systemReason(error))",
                underlying: error)
        case .died:
            return TrainingError(
                code: .runFailed, message: "\(name) died at \(step) while \(activity): its thread ended unexpectedly.")
        case .unresponsive(let time):
            return TrainingError(
                code: .runFailed,
                message: "\(name) is stuck at \(step): \(activity) has taken more than \(time); check its environment, "
                    + "or allow more time with --worker-timeout.")
        }
    }
}
