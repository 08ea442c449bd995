internal import DQNModel

/// Bounds for what untrusted files hold.
enum ForeignLimit {
    /// Tensors of a file.
    static let tensors = 65_536
    /// Bytes of a tensor's name, with those of all containers around it.
    static let nameBytes = 1024
    /// Names in such a name.
    static let nameComponents = 32
}

extension InterchangeError {
    static func tooLong(_ text: String, _ file: String) -> Self {
        .malformed(
            "\(file) has a name of more than \(ForeignLimit.nameBytes) bytes: '\(String(decoding: text.utf8.prefix(40), as: UTF8.self))…'."
        )
    }
}

/// What a file of another program holds: tensors, and the containers, numbers and texts around them.
package indirect enum ForeignValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([ForeignValue])
    /// The members in the order of the file.
    case dictionary([(key: String, value: ForeignValue)])
    case tensor(ForeignTensor)
    /// The name of a class or function that is mentioned and never called.
    case name(String)
    /// A value that policies do not need.
    case other(String)

    /// The value of a key, or `nil` if this is not a dictionary or has no such key.
    subscript(key: String) -> ForeignValue? {
        guard case .dictionary(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }
}
