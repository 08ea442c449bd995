import DQN

/// The whole state as data, so that a resumed run continues in the middle of an episode.
extension Corridor {
    func snapshot() -> StateSnapshot? {
        StateSnapshot(
            kind: Self.id, version: 1,
            values: [
                "walk": .int64([Int64(cell), Int64(steps), isRunning ? 1 : 0]),
                "random": .uint64(random.words),
            ])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        let walk = try snapshot.int64("walk", count: 3)
        // A file can contain anything: a state that the environment cannot be in is rejected.
        let (goal, limit) = (Int64(Self.cells - 1), Int64(Self.limit))
        guard (0...goal).contains(walk[0]), (0...limit).contains(walk[1]), (0...1).contains(walk[2]),
            walk[2] == 0 || (walk[0] < goal && walk[1] < limit)
        else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "Invalid snapshot of \(Self.id): the cell must be 0…\(goal), the step 0…\(limit), and an "
                    + "episode at the last of either must have ended; found \(walk).")
        }
        let random = try RandomGenerator(restoring: snapshot.uint64("random", count: 4))
        (cell, steps, isRunning, self.random) = (Int(walk[0]), Int(walk[1]), walk[2] == 1, random)
    }
}
