/// What one element of an observation, of a replay column or of a stored array is.
public enum ElementType: String, Sendable, Codable, CaseIterable {
    /// IEEE 754 binary32.
    case float32
    /// IEEE 754 binary64.
    case float64
    /// Unsigned byte; pixels.
    case uint8
    /// Signed 32-bit integer; action indices.
    case int32
    /// Signed 64-bit integer.
    case int64
    /// Unsigned 64-bit integer; words of a random generator's state.
    case uint64

    /// Bytes an element takes.
    public var byteCount: Int {
        switch self {
        case .uint8: 1
        case .float32, .int32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}
