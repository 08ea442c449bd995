/// Metrics against agent steps, as a table of equally long columns.
public struct MetricHistory: Sendable, Equatable {
    /// Agent steps of each row, rising.
    public var agentSteps: [Int] = []
    /// Columns by name (`rollout/ep_rew_mean`, …); NaN where a row has no value.
    public var columns: [String: [Double]] = [:]
    /// Creates an empty table.
    public init() {}

    /// Adds a row; a column that is new gets NaN in the earlier rows.
    public mutating func append(agentSteps step: Int, _ values: [String: Double]) {
        for name in values.keys where columns[name] == nil {
            columns[name] = [Double](repeating: .nan, count: agentSteps.count)
        }
        agentSteps.append(step)
        // A copy of the names: going through the table itself would hold it, and each append would copy its column.
        for name in Array(columns.keys) { columns[name]?.append(values[name] ?? .nan) }
    }
}
