/// From 1.1 to 2.0, which changed the layout of files but not the state.
enum Migration1_1To2_0: Migration {
    static func upgrade(_ checkpoint: inout Checkpoint) {}

    static func downgrade(_ checkpoint: inout Checkpoint) -> MigrationLoss { MigrationLoss() }
}
