/// Why a value of this module could not be made.
public typealias ModelError = DQNError<ModelErrors>

/// Tells ``ModelError`` from the errors of other modules.
public enum ModelErrors: Sendable {}

extension DQNError.Code where Domain == ModelErrors {
    /// A network text or layer list does not describe a network that can be built.
    public static var invalidArchitecture: Self { Self(rawValue: "invalidArchitecture") }
    /// A tensor's shape and its number of elements differ.
    public static var shapeMismatch: Self { Self(rawValue: "shapeMismatch") }
    /// A snapshot misses a value, or holds one of another type or length than its owner needs.
    public static var invalidSnapshot: Self { Self(rawValue: "invalidSnapshot") }
    /// A parameter is beyond what the numbers that it is to be kept in can say.
    public static var notRepresentable: Self { Self(rawValue: "notRepresentable") }
}
