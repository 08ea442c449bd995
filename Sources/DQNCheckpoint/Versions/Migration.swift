/// The way between the contents of two neighbouring versions, in both directions.
///
/// The loss of a way back is what going forth again would not restore: without any, converting there and back gives the
/// same file. Nothing is lost without being named.
protocol Migration: SendableMetatype {
    /// Supplies what the older version's files do not hold.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`) where the older version's content has no meaning in the newer one.
    static func upgrade(_ checkpoint: inout Checkpoint) throws(CheckpointError)

    /// Takes out what the older version cannot hold, and nothing else.
    static func downgrade(_ checkpoint: inout Checkpoint) -> MigrationLoss
}

/// What an older version cannot hold of a state, each as a path and a few words.
struct MigrationLoss {
    /// What can be left out, and was.
    var dropped: [String] = []
    /// What the rest means nothing without: a state that has it has no form in the older version.
    var indispensable: [String] = []
}
