internal import DQNModel

extension Checkpoint {
    /// The state as it comes back from a file of an older version.
    ///
    /// - Parameters:
    ///   - version: a known version.
    ///   - allowLossy: whether what the version cannot hold may be left out.
    /// - Returns: the state, and what was left out of it: a path and a few words each; nothing for the current version.
    /// - Throws: ``CheckpointError``: `unsupportedVersion`; `lossy` with ``CheckpointError/details`` where something
    ///   would be left out and may not, or cannot.
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
                message: "The state has no form in format \(version), which lacks what it cannot do without; keep it "
                    + "as \(FormatVersion.current).", details: loss.indispensable + loss.dropped)
        }
        if !allowLossy, !loss.dropped.isEmpty {
            throw CheckpointError(
                code: .lossy,
                message:
                    "Format \(version) cannot hold all of the state; allow the rest to be left out, or keep it as "
                    + "\(FormatVersion.current).", details: loss.dropped)
        }
        return (result, loss.dropped)
    }

    /// A state as an older version's codec gives it, brought to the current version.
    func upgraded(from version: String) throws(CheckpointError) -> Checkpoint {
        var result = self
        for migration in FormatVersion.migrations[try FormatVersion.index(of: version)...] {
            try migration.upgrade(&result)
        }
        return result
    }
}
