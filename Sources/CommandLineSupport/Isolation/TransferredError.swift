package import DQNCheckpoint
internal import DQNModel

/// A `CheckpointError` in the form that one process sends to another.
package struct TransferredError: Codable {
    var code: String
    package var rule: Int?
    package var message: String

    package init(_ error: CheckpointError) { (code, rule, message) = (error.code.rawValue, error.rule, error.message) }

    /// The error.
    package var error: CheckpointError { CheckpointError(code: .init(rawValue: code), message: message, rule: rule) }
}
