/// Lines of names and values, with all values in one column whatever the length of the names.
package struct AlignedText {
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
        rows.append(Row(name: Self.indented(name, level), value: Self.printable(value)))
    }

    /// The lines, without a line break at the end.
    package var text: String {
        let width = rows.reduce(0) { $1.value == nil ? $0 : max($0, $1.name.count) }
        return rows.map { row in
            guard let value = row.value else { return row.name }
            return row.name + String(repeating: " ", count: width - row.name.count + 2) + value
        }.joined(separator: "\n")
    }

    private static func indented(_ text: String, _ level: Int) -> String {
        String(repeating: "  ", count: level) + printable(text)
    }

    /// Replaces control characters: a file's texts must not move the terminal's cursor or add lines.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
