public import DQNModel

/// Why a computation could not be set up or run.
public typealias NetworkError = DQNError<NetworkErrors>

/// The domain of ``NetworkError``.
public enum NetworkErrors: Sendable {}

extension DQNError.Code where Domain == NetworkErrors {
    /// An operation of the compute library failed.
    package static var computeLibrary: Self { Self(rawValue: "computeLibrary") }
    /// A stored state does not fit the network or the optimiser that is restored from it.
    public static var invalidState: Self { Self(rawValue: "invalidState") }
}
