public import DQNModel

/// Why a curve could not be read or drawn.
public typealias ReportError = DQNError<ReportErrors>

/// Tells ``ReportError`` from the errors of other modules.
public enum ReportErrors: Sendable {}

extension DQNError.Code where Domain == ReportErrors {
    /// There is no point to draw.
    public static var empty: Self { Self(rawValue: "empty") }
    /// A column of x values and one of y values differ in length.
    public static var lengthMismatch: Self { Self(rawValue: "lengthMismatch") }
    /// The runs of one series have no x in common, so that there is no mean.
    public static var noCommonRange: Self { Self(rawValue: "noCommonRange") }
    /// The metric that was asked for is not recorded.
    public static var unknownMetric: Self { Self(rawValue: "unknownMetric") }
    /// The wall clock was asked of something that does not keep it.
    public static var noClock: Self { Self(rawValue: "noClock") }
    /// One run was given twice and would count as two.
    public static var sameRunTwice: Self { Self(rawValue: "sameRunTwice") }
    /// A table of metrics cannot be read.
    public static var malformedTable: Self { Self(rawValue: "malformedTable") }
}
