internal import DQNReport
internal import DQNSupport
internal import Foundation

/// The rows of a run's `metrics.csv` and `workers.csv`, for readers that lack some of them.
struct RecordedRows {
    /// The numbers of each row by agent step.
    private(set) var cells: [Int: [(tag: String, value: Double)]] = [:]
    /// Seconds of training before each row.
    private(set) var elapsed: [Int: Double] = [:]

    /// Reads the rows of some agent steps.
    ///
    /// - Throws: `ReportError` or `SystemError` if a file is not as the run has just written it.
    init(of directory: RunDirectory, at steps: Set<Int>) throws {
        let metrics = try Self.table(directory.metrics)
        for (index, step) in Self.steps(metrics).enumerated() where steps.contains(step) {
            cells[step] = Self.cells(metrics, index).map { (MetricTag.name(ofColumn: $0.name, worker: nil), $0.value) }
            elapsed[step] = metrics.columns["time/time_elapsed"].map { $0[index] }.flatMap { $0.isFinite ? $0 : nil }
        }
        let workers = try Self.table(directory.workers)
        guard let numbers = workers.columns["worker"] else { return }
        for (index, step) in Self.steps(workers).enumerated() where steps.contains(step) {
            guard let worker = Int(exactly: numbers[index]) else { continue }
            cells[step, default: []] += Self.cells(workers, index).filter { $0.name != "worker" }
                .map { (MetricTag.name(ofColumn: $0.name, worker: worker), $0.value) }
        }
    }

    private static func table(_ url: URL) throws -> MetricTable {
        var lines = MetricTable.Lines()
        try FileLines.forEach(url.path) { try lines.add($0) }
        return try lines.table
    }

    private static func steps(_ table: MetricTable) -> [Int] {
        (table.columns[MetricsFile.stepColumn] ?? []).map { Int(exactly: $0) ?? -1 }
    }

    private static func cells(_ table: MetricTable, _ row: Int) -> [(name: String, value: Double)] {
        table.columns.sorted { $0.key < $1.key }.compactMap { name, column in
            name != MetricsFile.stepColumn && column[row].isFinite ? (name, column[row]) : nil
        }
    }
}

/// The names of numbers in TensorBoard.
enum MetricTag {
    /// Returns the name of a column of `metrics.csv`, or of `workers.csv` for a worker: `worker_3/fps`.
    static func name(ofColumn column: String, worker: Int?) -> String {
        guard let worker else { return column }
        return "worker_\(worker)/" + (column.hasPrefix("worker/") ? String(column.dropFirst(7)) : column)
    }
}
