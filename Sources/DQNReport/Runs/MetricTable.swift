public import DQNModel
internal import DQNSupport

/// Metrics by name, in columns of equal length.
public struct MetricTable: Sendable, Equatable {
    /// The columns; NaN where a row has no value.
    public let columns: [String: [Double]]

    /// Wraps columns.
    public init(columns: [String: [Double]]) { self.columns = columns }

    /// Reads comma-separated values whose first line names the columns: a run's `metrics.csv`.
    ///
    /// An empty cell is NaN. A last line without its line break is left out: the run is writing it.
    /// - Throws: ``ReportError`` (`malformedTable`) naming the line that is not as wide as the first, or holds something
    ///   else than numbers.
    public init(commaSeparated text: String) throws(ReportError) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        guard let head = lines.first else {
            throw ReportError(
                code: .malformedTable, message: "A table of metrics begins with a line of names; this one is empty.")
        }
        let names = head.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var columns = Dictionary(names.map { ($0, [Double]()) }) { first, _ in first }
        guard columns.count == names.count else {
            throw ReportError(code: .malformedTable, message: "A table of metrics names a column twice: \(head).")
        }
        for (index, line) in lines.enumerated().dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == names.count else {
                throw ReportError(
                    code: .malformedTable,
                    message: "Line \(index + 1) has \(cells.count) cells, and the first names \(names.count).")
            }
            for (name, cell) in zip(names, cells) {
                guard let value = cell.isEmpty ? .nan : Double(cell) else {
                    throw ReportError(
                        code: .malformedTable, message: "Line \(index + 1) holds '\(cell)' for \(name), no number.")
                }
                columns[name]?.append(value)
            }
        }
        self.columns = columns
    }

    /// One metric against positions.
    ///
    /// - Parameter name: what errors call the table: its path.
    /// - Throws: ``ReportError``: `unknownMetric` with what there is and the nearest name, `empty` when there is not a
    ///   single value yet, `lengthMismatch`.
    public func curve(_ metric: String, against x: [Double], in name: String) throws(ReportError) -> LearningCurve {
        let y = try column(metric, in: name)
        let curve = try LearningCurve(x: x, y: y)
        guard !curve.isEmpty else {
            throw ReportError(
                code: .empty, message: "'\(name)' has no value of '\(metric)' yet; leave it out, or let it go on.")
        }
        return curve
    }

    /// A column by name.
    ///
    /// - Parameter name: what errors call the table: its path.
    /// - Throws: ``ReportError`` (`unknownMetric`) with what there is and the nearest name.
    public func column(_ metric: String, in name: String) throws(ReportError) -> [Double] {
        if let column = columns[metric] { return column }
        guard !columns.isEmpty else {
            throw ReportError(
                code: .unknownMetric, message: "'\(name)' has no metric '\(metric)', nor any other; let it train on.")
        }
        let names = columns.keys.sorted()
        let nearest = NearestName.suggestion(for: metric, among: names).map { "; did you mean '\($0)'?" } ?? "."
        throw ReportError(
            code: .unknownMetric,
            message: "'\(name)' has no metric '\(metric)'\(nearest) It has \(names.joined(separator: ", ")).")
    }
}
