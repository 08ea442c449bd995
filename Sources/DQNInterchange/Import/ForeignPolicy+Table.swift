internal import DQNModel

extension ForeignPolicy {
    /// The network as a table: layer, shape, activation and where each is in the file.
    package var table: [String] {
        let rows =
            [["layer", "shape", "activation", "from"]]
            + network.rows.map {
                [$0.layer, $0.shape.map(String.init).joined(separator: "x"), $0.activation, $0.source]
            }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let columns = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return (columns + [row[3]]).joined(separator: "  ")
        }
    }
}
