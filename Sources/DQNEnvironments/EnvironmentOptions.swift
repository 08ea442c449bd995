internal import DQNModel
internal import Foundation

/// The options in an environment's id: what stands behind the first question mark, as in `NAME?size=7,slip=0.1`.
struct EnvironmentOptions {
    /// The id without its options.
    let name: String
    /// Keys and values in their order, without percent escapes.
    private(set) var pairs: [(key: String, value: String)]

    /// Splits an id.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidOptions`) for a part that is no `key=value` and for a key that comes twice.
    init(_ id: String) throws(EnvironmentError) {
        let mark = id.firstIndex(of: "?") ?? id.endIndex
        name = String(id[..<mark])
        pairs = []
        for part in id[mark...].dropFirst().split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let key = sides[0].removingPercentEncoding, Self.isKey(key),
                let value = sides[1].removingPercentEncoding, !value.contains("\0"),
                !pairs.contains(where: { $0.key == key })
            else { throw Self.unreadable(part) }
            pairs.append((key, value))
        }
    }

    /// Adds an option, or replaces that of the same key.
    ///
    /// - Parameter assignment: `key=value`; everything behind the first sign of equality is the value.
    mutating func set(_ assignment: String) throws(EnvironmentError) {
        let sides = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2, Self.isKey(sides[0]), !sides[1].contains("\0") else {
            throw Self.unreadable(assignment[...])
        }
        if let index = pairs.firstIndex(where: { $0.key == sides[0] }) {
            pairs[index].value = sides[1]
        } else {
            pairs.append((sides[0], sides[1]))
        }
    }

    /// The id with its options.
    var id: String {
        let parts = pairs.map { key, value in
            Self.escaped(key).replacingOccurrences(of: "=", with: "%3D") + "=" + Self.escaped(value)
        }
        return parts.isEmpty ? name : name + "?" + parts.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        value.replacingOccurrences(of: "%", with: "%25").replacingOccurrences(of: ",", with: "%2C")
    }

    private static func isKey(_ text: String) -> Bool { !text.isEmpty && !text.contains("\0") }

    private static func unreadable(_ part: Substring) -> EnvironmentError {
        EnvironmentError(
            code: .invalidOptions,
            message:
                "The environment's option '\(part)' cannot be read; write key=value once for each key, with commas "
                + "between and %2C for a comma, as in ?size=7,slip=0.1.")
    }
}
