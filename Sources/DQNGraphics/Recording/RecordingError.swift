public import DQNModel

/// An error of recording an episode.
public typealias RecordingError = DQNError<RecordingErrors>

/// The domain of ``RecordingError``.
public enum RecordingErrors: Sendable {}

extension DQNError.Code where Domain == RecordingErrors {
    /// The file name has an unknown suffix.
    public static var unknownFormat: Self { Self(rawValue: "unknownFormat") }
    /// The file exists already.
    public static var exists: Self { Self(rawValue: "exists") }
    /// The file cannot be created or written.
    public static var inputOutput: Self { Self(rawValue: "inputOutput") }
    /// The environment does not provide pictures.
    public static var noPicture: Self { Self(rawValue: "noPicture") }
    /// The format needs ffmpeg, which is not installed.
    public static var ffmpegMissing: Self { Self(rawValue: "ffmpegMissing") }
    /// ffmpeg failed.
    public static var ffmpegFailed: Self { Self(rawValue: "ffmpegFailed") }
}

extension RecordingError {
    static func noPicture(of environment: String) -> RecordingError {
        RecordingError(
            code: .noPicture,
            message: "'\(environment)' does not provide pictures; use --render ansi or --trace instead.")
    }
}
