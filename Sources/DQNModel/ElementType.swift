/// The type of the elements of an observation, a replay column or a stored array.
public enum ElementType: String, Sendable, Codable, CaseIterable {
    /// IEEE 754 binary32.
    case float32
    /// IEEE 754 binary64.
    case float64
    /// An unsigned byte, for pixels.
    case uint8
    /// A signed 32-bit integer, for action indices.
    case int32
    /// A signed 64-bit integer.
    case int64
    /// An unsigned 64-bit integer, for the words of a random generator's state.
    case uint64

    /// The size of an element in bytes.
    package var byteCount: Int {
        switch self {
        case .uint8: 1
        case .float32, .int32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}
