internal import DQNModel
internal import DQNSupport

/// Metrics by name, in columns of equal length.
package struct MetricTable: Sendable, Equatable {
    /// The columns; NaN where a row has no value.
    package let columns: [String: [Double]]

    /// Creates a table from columns.
    package init(columns: [String: [Double]]) { self.columns = columns }

    /// Parses comma-separated values with column names in the first line, such as a run's `metrics.csv`.
    ///
    /// An empty cell is NaN. Skips a last line without a line break, because the run is still writing it.
    /// - Throws: ``ReportError`` (`malformedTable`) when a line does not have as many cells as the first line or contains
    ///   something other than numbers.
    package init(commaSeparated text: String) throws(ReportError) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        guard let head = lines.first else {
            throw ReportError(
                code: .malformedTable,
                message: "A table of metrics must begin with a line of column names; this one is empty.")
        }
        let names = head.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var columns = Dictionary(names.map { ($0, [Double]()) }) { first, _ in first }
        guard columns.count == names.count else {
            throw ReportError(code: .malformedTable, message: "Column names must be unique: \(head).")
        }
        for (index, line) in lines.enumerated().dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == names.count else {
                throw ReportError(
                    code: .malformedTable,
                    message: "Line \(index + 1) has \(cells.count) cells, but line 1 has \(names.count) column names.")
            }
            for (name, cell) in zip(names, cells) {
                guard let value = cell.isEmpty ? .nan : Double(cell) else {
                    throw ReportError(
                        code: .malformedTable,
                        message: "Line \(index + 1), column '\(name)': '\(cell)' is not a number.")
                }
                columns[name]?.append(value)
            }
        }
        self.columns = columns
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
