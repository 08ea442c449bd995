/// From 1.1 to 2.0, which changed how a state lies in a file and nothing of the state.
enum Migration1_1To2_0: Migration {
    static func upgrade(_ checkpoint: inout Checkpoint) {}

    static func downgrade(_ checkpoint: inout Checkpoint) -> MigrationLoss { MigrationLoss() }
}
