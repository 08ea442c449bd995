internal import DQNModel
internal import Foundation

/// An environment's name and its options, as in an id: `NAME?size=7,slip=0.1`.
struct EnvironmentOptions: Sendable {
    /// The text before the question mark.
    let name: String
    /// Keys and values in order, without percent escapes.
    private(set) var pairs: [(key: String, value: String)]

    /// Creates options from their parts.
    init(name: String, pairs: [(key: String, value: String)]) {
        self.name = name
        self.pairs = pairs
    }

    /// Parses a name with options.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidOptions`) for a part other than `key=value` and for a key that occurs
    ///   twice, except `wrapper`.
    init(_ text: String) throws(EnvironmentError) {
        let mark = text.firstIndex(of: "?") ?? text.endIndex
        name = String(text[..<mark])
        pairs = []
        for part in text[mark...].dropFirst().split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let key = sides[0].removingPercentEncoding, Self.isKey(key),
                let value = sides[1].removingPercentEncoding, !value.contains("\0"),
                Self.isRepeatable(key) || !pairs.contains(where: { $0.key == key })
            else { throw Self.invalid(part) }
            pairs.append((key, value))
        }
    }

    /// Adds options, or replaces those with the same key.
    ///
    /// Several wrappers together replace all wrappers so far, in order; an empty one only removes them.
    /// - Parameter assignments: `key=value`; the value is everything after the first equals sign.
    mutating func set(_ assignments: [String]) throws(EnvironmentError) {
        var isFirst = true
        for assignment in assignments {
            let sides = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(String.init)
            guard sides.count == 2, Self.isKey(sides[0]), !sides[1].contains("\0") else {
                throw Self.invalid(assignment[...])
            }
            if Self.isRepeatable(sides[0]) {
                if isFirst { pairs.removeAll { Self.isRepeatable($0.key) } }
                isFirst = false
                if !sides[1].isEmpty { pairs.append((sides[0], sides[1])) }
            } else if let index = pairs.firstIndex(where: { $0.key == sides[0] }) {
                pairs[index].value = sides[1]
            } else {
                pairs.append((sides[0], sides[1]))
            }
        }
    }

    /// Whether an option may occur several times.
    private static func isRepeatable(_ key: String) -> Bool { key == "wrapper" }

    /// The options as in an id, with the question mark; empty without options.
    var query: String {
        let parts = pairs.map { key, value in
            Self.escaped(key).replacingOccurrences(of: "=", with: "%3D") + "=" + Self.escaped(value)
        }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        value.replacingOccurrences(of: "%", with: "%25").replacingOccurrences(of: ",", with: "%2C")
    }

    private static func isKey(_ text: String) -> Bool { !text.isEmpty && !text.contains("\0") }

    private static func invalid(_ part: Substring) -> EnvironmentError {
        EnvironmentError(
            code: .invalidOptions,
            message:
                "Invalid environment option '\(part)'; write key=value once for each key, separated by commas, with "
                + "%2C for a comma, as in ?size=7,slip=0.1.")
    }
}
