/// Converts state between two neighbouring versions, in both directions.
///
/// A downgrade lists everything that an upgrade would not restore. If it lists nothing, converting there and back
/// yields the same file, except for configuration keys whose absence means the same.
protocol Migration: SendableMetatype {
    /// Adds what files of the older version lack.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`) if the newer version cannot interpret the older content.
    static func upgrade(_ checkpoint: inout Checkpoint) throws(CheckpointError)

    /// Removes what the older version cannot represent, and nothing else.
    static func downgrade(_ checkpoint: inout Checkpoint) -> MigrationLoss
}

/// What an older version cannot represent of a state: a path and a short description each.
struct MigrationLoss {
    /// The parts that were removed.
    var dropped: [String] = []
    /// Parts without which the rest is meaningless: the older version cannot represent such a state.
    var indispensable: [String] = []
}
