public import DQNModel

/// A namespaced group of arrays that belongs to another trainer or tool.
public struct ExtensionGroup: Sendable, Equatable {
    /// The owner in reverse-domain form, such as `org.example.trainer`; also the name of the group in the file.
    public var owner: String
    /// Whether a reader that does not support the owner must refuse the file.
    public var mustUnderstand: Bool
    /// The state; the owner defines `kind` and `version`.
    public var state: StateSnapshot
    /// The owner of the group that records where an imported policy comes from.
    package static let originOwner = "org.swift-dqn.origin"
    /// Whether a text is a valid owner: reverse-domain form with letters, digits, `_`, `-` and `.`.
    package static func isOwner(_ text: String) -> Bool { text.contains(".") && PathComponent.isValid(text) }
    /// Creates a group.
    public init(owner: String, mustUnderstand: Bool, state: StateSnapshot) {
        self.owner = owner
        self.mustUnderstand = mustUnderstand
        self.state = state
    }
}
