public import DQNModel

/// Why a checkpoint could not be written, read or found.
public typealias CheckpointError = DQNError<CheckpointErrors>

/// Tells ``CheckpointError`` from the errors of other modules.
public enum CheckpointErrors: Sendable {}

extension DQNError.Code where Domain == CheckpointErrors {
    /// There is no such file, directory, or checkpoint in a directory.
    public static var missing: Self { Self(rawValue: "missing") }
    /// The file breaks a rule of the format: it is damaged, or no checkpoint.
    public static var malformed: Self { Self(rawValue: "malformed") }
    /// The file is of a format version that this library does not know.
    public static var unsupportedVersion: Self { Self(rawValue: "unsupportedVersion") }
    /// The file holds an extension that must be understood and is not.
    public static var unknownExtension: Self { Self(rawValue: "unknownExtension") }
    /// The state cannot be stored: a parameter that is no number, a vector of the wrong length.
    public static var invalidState: Self { Self(rawValue: "invalidState") }
    /// The file or directory exists already and may not be replaced.
    public static var exists: Self { Self(rawValue: "exists") }
    /// The format version that was asked for cannot hold all of the state; ``CheckpointError/details`` lists what.
    public static var lossy: Self { Self(rawValue: "lossy") }
    /// A file that was to be repaired is whole.
    package static var nothingToRepair: Self { Self(rawValue: "nothingToRepair") }
    /// Somebody else saves into the directory.
    public static var locked: Self { Self(rawValue: "locked") }
    /// The system refused to write, sync, rename or read.
    public static var inputOutput: Self { Self(rawValue: "inputOutput") }
}

extension CheckpointError {
    static func unsupported(_ version: String, _ path: String, known: [String]) -> CheckpointError {
        CheckpointError(
            code: .unsupportedVersion,
            message: "'\(path)' has format version \(version); this program knows "
                + "\(known.joined(separator: ", ")). Update swift-dqn to read it.",
            rule: Rule.version.rawValue)
    }

    static func broken(_ rule: Rule, _ message: String, _ underlying: (any Error)? = nil) -> CheckpointError {
        CheckpointError(code: .malformed, message: message, rule: rule.rawValue, underlying: underlying)
    }
}
