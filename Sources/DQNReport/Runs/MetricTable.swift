internal import DQNModel
internal import DQNSupport

/// Metrics by name, in columns of equal length.
package struct MetricTable: Sendable, Equatable {
    /// The columns; NaN where a row has no value.
    package let columns: [String: [Double]]

    /// Creates a table from columns.
    package init(columns: [String: [Double]]) { self.columns = columns }

    /// The maximum number of cells: a million rows of the columns that a run records.
    private static let cellLimit = 1 << 25

    /// Parses comma-separated values with column names in the first line, such as a run's `metrics.csv`.
    ///
    /// An empty cell is NaN. Skips a last line without a line break, because the run is still writing it.
    /// - Throws: ``ReportError`` (`malformedTable`) when a line does not have as many cells as the first line or contains
    ///   something other than numbers.
    package init(commaSeparated text: String) throws(ReportError) {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines.removeLast()
        var table = Lines()
        for line in lines { try table.add(ArraySlice(line)) }
        self = try table.table
    }

    /// A table that is being parsed line by line, so that a file of any size takes no more memory than its numbers.
    package struct Lines {
        private var names: [String] = []
        private var cells: [[Double]] = []
        private var lineCount = 0

        /// Creates a table without lines.
        package init() {}

        /// Adds a line, without its line break.
        ///
        /// - Parameter line: `nil` for a line that is too long to be read.
        /// - Throws: As ``MetricTable/init(commaSeparated:)``.
        package mutating func add(_ line: ArraySlice<UInt8>?) throws(ReportError) {
            lineCount += 1
            guard let line else { throw malformed("Line \(lineCount) is too long.") }
            let parts = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            if lineCount == 1 { return try begin(parts.map { String(decoding: $0, as: UTF8.self) }) }
            guard parts.count == names.count else {
                throw malformed(
                    "Line \(lineCount) has \(parts.count) cells, but line 1 has \(names.count) column names.")
            }
            guard lineCount * names.count <= cellLimit else {
                throw malformed("The table has more than \(cellLimit) cells.")
            }
            for (index, part) in parts.enumerated() {
                let cell = String(decoding: part, as: UTF8.self)
                guard let value = cell.isEmpty ? .nan : Double(cell) else {
                    throw malformed("Line \(lineCount), column '\(names[index])': '\(cell)' is not a number.")
                }
                cells[index].append(value)
            }
        }

        private mutating func begin(_ names: [String]) throws(ReportError) {
            guard Set(names).count == names.count else {
                throw malformed("Column names must be unique: \(names.joined(separator: ",")).")
            }
            self.names = names
            cells = Array(repeating: [], count: names.count)
        }

        /// The table of the lines.
        ///
        /// - Throws: ``ReportError`` (`malformedTable`) if there are none.
        package var table: MetricTable {
            get throws(ReportError) {
                guard lineCount > 0 else {
                    throw malformed("A table of metrics must begin with a line of column names; this one is empty.")
                }
                return MetricTable(columns: Dictionary(zip(names, cells)) { first, _ in first })
            }
        }

        private func malformed(_ message: String) -> ReportError {
            ReportError(code: .malformedTable, message: message)
        }
    }

    /// Returns the curve of a metric.
    ///
    /// - Parameter name: the table's path, for error messages.
    /// - Throws: ``ReportError``: `unknownMetric`, with the available metrics and the most similar name; `empty` when the
    ///   metric has no values yet; `lengthMismatch`.
    package func curve(_ metric: String, against x: [Double], in name: String) throws(ReportError) -> LearningCurve {
        let y = try column(metric, in: name)
        let curve = try LearningCurve(x: x, y: y)
        guard !curve.isEmpty else {
            throw ReportError(
                code: .empty, message: "'\(name)' has no values of '\(metric)' yet; omit it or train further.")
        }
        return curve
    }

    /// Returns a column.
    ///
    /// - Parameter name: the table's path, for error messages.
    /// - Throws: ``ReportError`` (`unknownMetric`) with the available metrics and the most similar name.
    package func column(_ metric: String, in name: String) throws(ReportError) -> [Double] {
        if let column = columns[metric] { return column }
        guard !columns.isEmpty else {
            throw ReportError(
                code: .unknownMetric, message: "'\(name)' has no metrics yet, so no '\(metric)'; train it further.")
        }
        let names = columns.keys.sorted()
        let nearest = NearestName.suggestion(for: metric, among: names).map { "; did you mean '\($0)'?" } ?? "."
        throw ReportError(
            code: .unknownMetric,
            message:
                "'\(name)' has no metric '\(metric)'\(nearest) Available metrics: \(names.joined(separator: ", ")).")
    }
}
