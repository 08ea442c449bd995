internal import DQNSupport

/// Lines of names and values, with all values in one column whatever the length of the names.
///
/// Names and values may be texts of a file: they are escaped, and cut if they are long.
package struct AlignedText {
    private static let nameLimit = 120
    private static let valueLimit = 2_000

    private struct Row {
        var name: String
        /// `nil` for a heading.
        var value: String?
    }

    private var rows: [Row] = []

    /// Creates an empty text.
    package init() {}

    /// Adds a line without a value.
    package mutating func addHeading(_ text: String, level: Int = 0) {
        rows.append(Row(name: Self.indented(text, level), value: nil))
    }

    /// Adds a line with a value.
    package mutating func add(_ name: String, _ value: String, level: Int = 0) {
        rows.append(
            Row(name: Self.indented(name, level), value: PrintableText.line(value, limit: Self.valueLimit)))
    }

    /// The lines.
    package func lines(_ style: TextStyle = TextStyle(isActive: false)) -> [String] {
        let width = rows.reduce(0) { $1.value == nil ? $0 : max($0, PrintableText.columns(of: $1.name)) }
        return rows.map { row in
            guard let value = row.value else { return style.text(row.name, .heading) }
            let gap = width - PrintableText.columns(of: row.name) + 2
            return row.name + String(repeating: " ", count: gap) + value
        }
    }

    private static func indented(_ text: String, _ level: Int) -> String {
        String(repeating: "  ", count: level) + PrintableText.line(text, limit: nameLimit)
    }
}
