public import DQNModel

/// Why a training run could not be set up, resumed or carried on.
public typealias TrainingError = DQNError<TrainingErrors>

/// Tells ``TrainingError`` from the errors of other modules.
public enum TrainingErrors: Sendable {}

extension DQNError.Code where Domain == TrainingErrors {
    /// A configuration key, value, preset or combination is not allowed.
    public static var invalidConfiguration: Self { Self(rawValue: "invalidConfiguration") }
    /// The output directory holds a run already, or cannot be made or written.
    public static var outputDirectory: Self { Self(rawValue: "outputDirectory") }
    /// A file that was named does not exist.
    public static var missingFile: Self { Self(rawValue: "missingFile") }
    /// There is nothing to resume.
    public static var nothingToResume: Self { Self(rawValue: "nothingToResume") }
    /// The checkpoint cannot be resumed with this configuration or program.
    public static var cannotResume: Self { Self(rawValue: "cannotResume") }
    /// The run failed on the way: the environment threw, the computation gave NaN, a save failed.
    public static var runFailed: Self { Self(rawValue: "runFailed") }
}
