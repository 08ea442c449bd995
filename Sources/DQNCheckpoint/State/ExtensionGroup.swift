public import DQNModel

/// A namespaced group of arrays that belongs to somebody else's trainer or tool.
public struct ExtensionGroup: Sendable, Equatable {
    /// The owner in reverse-domain form, `org.example.trainer`; also the group's name in the file.
    public var owner: String
    /// Whether a reader that does not know the owner must refuse the file.
    public var mustUnderstand: Bool
    /// The state; `kind` and `version` are the owner's.
    public var state: StateSnapshot
    /// Whether a text may be an owner: a name in reverse-domain form of letters, digits, `_`, `-` and `.`.
    package static func isOwner(_ text: String) -> Bool { text.contains(".") && PathComponent.isValid(text) }
    /// Creates a group.
    public init(owner: String, mustUnderstand: Bool, state: StateSnapshot) {
        self.owner = owner
        self.mustUnderstand = mustUnderstand
        self.state = state
    }
}
