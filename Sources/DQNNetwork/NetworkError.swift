public import DQNModel

/// Why a computation could not be set up or run.
public typealias NetworkError = DQNError<NetworkErrors>

/// Tells ``NetworkError`` from the errors of other modules.
public enum NetworkErrors: Sendable {}

extension DQNError.Code where Domain == NetworkErrors {
    /// The compute library refused an operation.
    public static var computeLibrary: Self { Self(rawValue: "computeLibrary") }
    /// A stored state does not fit the component that should be restored from it.
    public static var invalidState: Self { Self(rawValue: "invalidState") }
}
