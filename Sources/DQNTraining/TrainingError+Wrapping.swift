public import DQNLearning
public import DQNModel
internal import DQNSupport

extension DQNError.Code where Domain == TrainingErrors {
    /// An environment, a network or a checkpoint reported the error; `underlying` holds it.
    public static var underlyingFailure: Self { Self(rawValue: "underlyingFailure") }
}

extension DQNError where Domain == TrainingErrors {
    /// Creates a training error from any error: a ``TrainingError`` stays as it is, any other becomes `underlying` and
    /// keeps its message.
    init(wrapping error: any Error) {
        if let error = error as? TrainingError {
            self = error
        } else {
            self.init(code: .underlyingFailure, message: systemReason(error), underlying: error)
        }
    }
}
