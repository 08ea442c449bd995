package import DQNModel

/// An error of importing a file of another program.
package typealias InterchangeError = DQNError<InterchangeErrors>

/// The domain of ``InterchangeError``.
package enum InterchangeErrors: Sendable {}

extension DQNError.Code where Domain == InterchangeErrors {
    /// The file does not exist or cannot be read.
    package static var missing: Self { Self(rawValue: "missing") }
    /// The file breaks the rules of its own format, or is built to harm its reader.
    package static var malformed: Self { Self(rawValue: "malformed") }
    /// The file is valid, and holds what a policy of this library cannot represent.
    package static var notRepresentable: Self { Self(rawValue: "notRepresentable") }
    /// The file needs a decision of the user.
    package static var ambiguous: Self { Self(rawValue: "ambiguous") }
}

extension DQNError where Domain == InterchangeErrors {
    static func malformed(_ message: String) -> Self { Self(code: .malformed, message: message) }
    static func notRepresentable(_ message: String) -> Self { Self(code: .notRepresentable, message: message) }
    static func ambiguous(_ message: String) -> Self { Self(code: .ambiguous, message: message) }
}
