public import DQNModel

/// Why a training run could not be set up, resumed or continued.
public typealias TrainingError = DQNError<TrainingErrors>

/// The domain of ``TrainingError``.
public enum TrainingErrors: Sendable {}

extension DQNError.Code where Domain == TrainingErrors {
    /// A configuration key, value, preset or combination of settings is invalid.
    public static var invalidConfiguration: Self { Self(rawValue: "invalidConfiguration") }
    /// The output directory already holds a run, or cannot be created or written.
    public static var outputDirectory: Self { Self(rawValue: "outputDirectory") }
    /// A named file does not exist.
    public static var missingFile: Self { Self(rawValue: "missingFile") }
    /// The run directory holds no checkpoint to resume from.
    public static var nothingToResume: Self { Self(rawValue: "nothingToResume") }
    /// This program or configuration cannot resume the checkpoint.
    public static var cannotResume: Self { Self(rawValue: "cannotResume") }
    /// Training failed: the environment threw, the loss became NaN or infinite, or a save failed.
    public static var runFailed: Self { Self(rawValue: "runFailed") }
}
