public import DQNModel

/// An error of writing, reading or finding checkpoints.
public typealias CheckpointError = DQNError<CheckpointErrors>

/// Distinguishes ``CheckpointError`` from the errors of other modules.
public enum CheckpointErrors: Sendable {}

extension DQNError.Code where Domain == CheckpointErrors {
    /// The file or directory does not exist, or the directory contains no such checkpoint.
    public static var missing: Self { Self(rawValue: "missing") }
    /// The file breaks a rule of the format: it is damaged or not a checkpoint.
    public static var malformed: Self { Self(rawValue: "malformed") }
    /// The format version is unknown to this library.
    public static var unsupportedVersion: Self { Self(rawValue: "unsupportedVersion") }
    /// The file requires an extension that the caller does not support.
    public static var unknownExtension: Self { Self(rawValue: "unknownExtension") }
    /// The state cannot be stored, for example because of a NaN parameter or a vector of the wrong length.
    public static var invalidState: Self { Self(rawValue: "invalidState") }
    /// The file already exists and must not be replaced.
    public static var exists: Self { Self(rawValue: "exists") }
    /// The requested format version cannot represent all of the state; `CheckpointError/details` lists what would be
    /// lost.
    public static var lossy: Self { Self(rawValue: "lossy") }
    /// The state takes more memory than the process may use.
    package static var tooLarge: Self { Self(rawValue: "tooLarge") }
    /// The file to be repaired is intact.
    package static var nothingToRepair: Self { Self(rawValue: "nothingToRepair") }
    /// Another process or store is saving into the directory.
    public static var locked: Self { Self(rawValue: "locked") }
    /// A system call to read, write, synchronise or rename failed.
    public static var inputOutput: Self { Self(rawValue: "inputOutput") }
}

extension CheckpointError {
    static func unsupported(_ version: String, _ path: String, known: [String]) -> CheckpointError {
        CheckpointError(
            code: .unsupportedVersion,
            message: "'\(path)' has format version \(version); this program supports "
                + "\(known.joined(separator: ", ")). Update swift-dqn to read it.",
            rule: Rule.version.rawValue)
    }

    static func broken(_ rule: Rule, _ message: String, _ underlying: (any Error)? = nil) -> CheckpointError {
        CheckpointError(code: .malformed, message: message, rule: rule.rawValue, underlying: underlying)
    }
}
