/// Metrics against agent steps: a table of columns of equal length.
public struct MetricHistory: Sendable, Equatable {
    /// Agent steps of each row, strictly increasing.
    public var agentSteps: [Int] = []
    /// Columns by name (`rollout/ep_rew_mean`, …); NaN if a row has no value.
    public var columns: [String: [Double]] = [:]
    /// Creates an empty table.
    public init() {}

    /// Appends a row; a new column is NaN in the earlier rows.
    package mutating func append(agentSteps step: Int, _ values: [String: Double]) {
        for name in values.keys where columns[name] == nil {
            columns[name] = [Double](repeating: .nan, count: agentSteps.count)
        }
        agentSteps.append(step)
        // Iterating over the dictionary itself would retain it, and each append would copy its column.
        for name in Array(columns.keys) { columns[name]?.append(values[name] ?? .nan) }
    }
}
