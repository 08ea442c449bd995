/// An error of a network, an observation or a stored state.
public typealias ModelError = DQNError<ModelErrors>

/// The domain of ``ModelError``.
public enum ModelErrors: Sendable {}

extension DQNError.Code where Domain == ModelErrors {
    /// A network description is invalid.
    public static var invalidArchitecture: Self { Self(rawValue: "invalidArchitecture") }
    /// An observation or a parameter vector has another shape than its network or space.
    public static var shapeMismatch: Self { Self(rawValue: "shapeMismatch") }
    /// A snapshot lacks a value, or a value has the wrong type or length.
    public static var invalidSnapshot: Self { Self(rawValue: "invalidSnapshot") }
    /// The requested precision cannot represent a parameter.
    public static var notRepresentable: Self { Self(rawValue: "notRepresentable") }
    /// The compute library failed; `underlying` has its error.
    public static var computationFailed: Self { Self(rawValue: "computationFailed") }
}
