internal import DQNModel

extension Checkpoint {
    /// Returns the state as a file of an older version represents it.
    ///
    /// - Parameters:
    ///   - version: A known version.
    ///   - allowLossy: Whether to leave out what the version cannot represent.
    /// - Returns: The state and what was left out, a path and a short description each; nothing for the current
    ///   version.
    /// - Throws: ``CheckpointError``: `unsupportedVersion`; `lossy` if something would be lost and `allowLossy` is
    ///   false, or if it is indispensable. ``CheckpointError/details`` lists it.
    package func converted(
        to version: String, allowLossy: Bool = false
    ) throws(CheckpointError) -> (checkpoint: Checkpoint, dropped: [String]) {
        let target = try FormatVersion.index(of: version)
        var result = self
        var loss = MigrationLoss()
        for migration in FormatVersion.migrations[target...].reversed() {
            let step = migration.downgrade(&result)
            loss.dropped += step.dropped
            loss.indispensable += step.indispensable
        }
        if !loss.indispensable.isEmpty {
            throw CheckpointError(
                code: .lossy,
                message: "Format \(version) cannot represent this state; keep it as \(FormatVersion.current).",
                details: loss.indispensable + loss.dropped)
        }
        if !allowLossy, !loss.dropped.isEmpty {
            throw CheckpointError(
                code: .lossy,
                message:
                    "Format \(version) cannot represent all of the state; allow the loss, or keep it as "
                    + "\(FormatVersion.current).", details: loss.dropped)
        }
        return (result, loss.dropped)
    }

    /// Returns a state decoded by an older version's codec, upgraded to the current version.
    func upgraded(from version: String) throws(CheckpointError) -> Checkpoint {
        var result = self
        for migration in FormatVersion.migrations[try FormatVersion.index(of: version)...] {
            try migration.upgrade(&result)
        }
        return result
    }
}
