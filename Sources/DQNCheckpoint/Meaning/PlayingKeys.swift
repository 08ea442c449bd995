internal import DQNModel

/// Rule 26: the keys of `/configuration` that a program needs to play have their types.
enum PlayingKeys {
    /// The number of observations that one input of a network may consist of.
    static let frameStack = 1...64

    /// Returns what is wrong with a key that is present.
    static func complaint(about configuration: JSONValue) -> String? {
        func value(_ key: String) -> JSONValue? { configuration[key].flatMap { $0 == .null ? nil : $0 } }
        if let environment = value("environment"), environment.stringValue?.isEmpty ?? true {
            return "'environment' must be the id of an environment"
        }
        if let frames = value("frame_stack"), !(frames.integerValue.map(frameStack.contains) ?? false) {
            return "'frame_stack' must be an integer from \(frameStack.lowerBound) to \(frameStack.upperBound)"
        }
        if let wrappers = value("wrappers"), wrappers.stringArrayValue == nil {
            return "'wrappers' must be a list of texts"
        }
        if let masks = value("action_masks") {
            guard case .bool = masks else { return "'action_masks' must be true or false" }
        }
        return nil
    }
}
