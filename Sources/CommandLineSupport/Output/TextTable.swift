internal import DQNSupport

/// A table for people: aligned columns under their titles.
///
/// Cells may be texts of a file: they are escaped, and cut if they are long. A column without any text is left out.
package struct TextTable {
    /// On which side the texts of a column begin.
    package enum Alignment: Sendable {
        case left
        /// For numbers.
        case right
    }

    private static let cellLimit = 2_000
    private static let gap = "  "

    private let alignments: [Alignment]
    private var rows: [(cells: [String], kind: TextStyle.Kind)]

    /// Creates a table without rows.
    package init(_ columns: [(title: String, alignment: Alignment)]) {
        alignments = columns.map(\.alignment)
        rows = [(columns.map(\.title), .heading)]
    }

    /// Adds a row with a text for each column; `nil` leaves a cell empty.
    package mutating func add(_ cells: [String?], _ kind: TextStyle.Kind = .plain) {
        precondition(cells.count == alignments.count, "a row needs a cell for each column")
        rows.append((cells.map { PrintableText.line($0 ?? "", limit: Self.cellLimit) }, kind))
    }

    /// The lines, the titles first.
    package func lines(_ style: TextStyle = TextStyle(isActive: false)) -> [String] {
        let widths = alignments.indices.map { column in
            rows.dropFirst().contains { !$0.cells[column].isEmpty }
                ? rows.map { PrintableText.columns(of: $0.cells[column]) }.max() ?? 0 : 0
        }
        return rows.map { row in
            let cells = alignments.indices.filter { widths[$0] > 0 }.map { column in
                let cell = row.cells[column]
                let padding = String(repeating: " ", count: widths[column] - PrintableText.columns(of: cell))
                return alignments[column] == .left ? cell + padding : padding + cell
            }
            let line = cells.joined(separator: Self.gap)
            let end = line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex
            return style.text(String(line[..<end]), row.kind)
        }
    }
}
