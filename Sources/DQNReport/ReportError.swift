public import DQNModel

/// An error of reading or drawing a learning curve.
public typealias ReportError = DQNError<ReportErrors>

/// The domain of ``ReportError``.
public enum ReportErrors: Sendable {}

extension DQNError.Code where Domain == ReportErrors {
    /// There are no points to draw.
    public static var empty: Self { Self(rawValue: "empty") }
    /// The x and y columns differ in length.
    package static var lengthMismatch: Self { Self(rawValue: "lengthMismatch") }
    /// The runs of a series have no x range in common, so they have no mean.
    package static var noCommonRange: Self { Self(rawValue: "noCommonRange") }
    /// The requested metric is not recorded.
    package static var unknownMetric: Self { Self(rawValue: "unknownMetric") }
    /// The source does not record wall-clock time.
    package static var noClock: Self { Self(rawValue: "noClock") }
    /// The same run was given twice.
    package static var sameRunTwice: Self { Self(rawValue: "sameRunTwice") }
    /// The file name has an unknown suffix.
    package static var unknownFormat: Self { Self(rawValue: "unknownFormat") }
    /// The picture has no room for the curves.
    package static var pictureTooSmall: Self { Self(rawValue: "pictureTooSmall") }
    /// There are more or fewer names than lines.
    package static var seriesNames: Self { Self(rawValue: "seriesNames") }
    /// A file could not be made or written.
    package static var inputOutput: Self { Self(rawValue: "inputOutput") }
    /// A table of metrics is malformed.
    package static var malformedTable: Self { Self(rawValue: "malformedTable") }
}
