internal import DQNModel

/// One key of a configuration: its name, its meaning, and how its JSON value is read and written.
package struct ConfigurationKey: Sendable {
    /// The key in configuration files, `--set` and checkpoints.
    package let name: String
    /// The allowed values, for messages and documentation.
    package let allowed: String
    /// The meaning of the key, with its unit.
    package let help: String
    /// Returns the value of the key.
    let read: @Sendable (TrainingConfiguration) -> JSONValue
    /// Sets the key, and returns whether the value is allowed.
    let write: @Sendable (inout TrainingConfiguration, JSONValue) -> Bool
    /// Sets the key from a stored file, and returns whether it may have the value; `nil` if ``write`` does.
    var load: (@Sendable (inout TrainingConfiguration, JSONValue) -> Bool)?

    static func integer(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Int> & Sendable, _ range: ClosedRange<Int>,
        _ help: String
    ) -> Self {
        Self(name: name, allowed: "integer \(range.lowerBound)…\(range.upperBound)", help: help) {
            .integer(Int64($0[keyPath: path]))
        } write: { configuration, value in
            // Accepts 1e6 for a million.
            guard let number = value.integerValue ?? value.doubleValue.flatMap({ Int(exactly: $0) }),
                range.contains(number)
            else { return false }
            configuration[keyPath: path] = number
            return true
        }
    }

    /// - Parameter stored: The values that files of older releases may have.
    static func number(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Double> & Sendable, _ range: ClosedRange<Double>,
        stored: ClosedRange<Double>? = nil, _ help: String
    ) -> Self {
        @Sendable func set(
            _ configuration: inout TrainingConfiguration, _ value: JSONValue, in range: ClosedRange<Double>
        ) -> Bool {
            guard let number = value.doubleValue, range.contains(number) else { return false }
            configuration[keyPath: path] = number
            return true
        }
        var key = Self(name: name, allowed: "number \(range.lowerBound)…\(range.upperBound)", help: help) {
            .number($0[keyPath: path])
        } write: {
            set(&$0, $1, in: range)
        }
        if let stored { key.load = { set(&$0, $1, in: stored) } }
        return key
    }

    static func optionalNumber(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Double?> & Sendable,
        _ range: ClosedRange<Double>, _ help: String
    ) -> Self {
        Self(name: name, allowed: "number \(range.lowerBound)…\(range.upperBound), or null", help: help) {
            $0[keyPath: path].map(JSONValue.number) ?? .null
        } write: { configuration, value in
            if value == .null {
                configuration[keyPath: path] = nil
                return true
            }
            guard let number = value.doubleValue, range.contains(number) else { return false }
            configuration[keyPath: path] = number
            return true
        }
    }

    static func boolean(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Bool> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "true or false", help: help) {
            .bool($0[keyPath: path])
        } write: { configuration, value in
            guard case .bool(let flag) = value else { return false }
            configuration[keyPath: path] = flag
            return true
        }
    }

    static func text(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, String> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "text", help: help) {
            .string($0[keyPath: path])
        } write: { configuration, value in
            guard let text = value.stringValue, !text.isEmpty else { return false }
            configuration[keyPath: path] = text
            return true
        }
    }

    static func texts(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, [String]> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "a JSON array of strings, or strings separated by spaces", help: help) {
            .array($0[keyPath: path].map(JSONValue.string))
        } write: { configuration, value in
            let words = value.stringValue?.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let texts = words ?? value.stringArrayValue else { return false }
            configuration[keyPath: path] = texts
            return true
        }
    }

    static func options(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, [String: JSONValue]> & Sendable, _ help: String
    ) -> Self {
        Self(name: name, allowed: "a JSON object", help: help) {
            .object($0[keyPath: path])
        } write: { configuration, value in
            guard case .object(let members) = value else { return false }
            configuration[keyPath: path] = members
            return true
        }
    }

    static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ path: WritableKeyPath<TrainingConfiguration, Choice> & Sendable, _ help: String
    ) -> Self where Choice.RawValue == String {
        Self(name: name, allowed: Choice.allCases.map(\.rawValue).joined(separator: " or "), help: help) {
            .string($0[keyPath: path].rawValue)
        } write: { configuration, value in
            guard let choice = value.stringValue.flatMap(Choice.init(rawValue:)) else { return false }
            configuration[keyPath: path] = choice
            return true
        }
    }
}
