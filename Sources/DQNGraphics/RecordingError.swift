public import DQNModel

/// Why an episode could not be recorded.
public typealias RecordingError = DQNError<RecordingErrors>

/// Tells ``RecordingError`` from the errors of other modules.
public enum RecordingErrors: Sendable {}

extension DQNError.Code where Domain == RecordingErrors {
    /// The file's name ends in none of the known suffixes.
    public static var unknownFormat: Self { Self(rawValue: "unknownFormat") }
    /// There is something of that name already.
    public static var exists: Self { Self(rawValue: "exists") }
    /// The file cannot be made or written.
    public static var inputOutput: Self { Self(rawValue: "inputOutput") }
    /// The environment gives no picture.
    public static var noPicture: Self { Self(rawValue: "noPicture") }
    /// The format needs ffmpeg, which is not to be found.
    public static var ffmpegMissing: Self { Self(rawValue: "ffmpegMissing") }
    /// ffmpeg has failed.
    public static var ffmpegFailed: Self { Self(rawValue: "ffmpegFailed") }
}
