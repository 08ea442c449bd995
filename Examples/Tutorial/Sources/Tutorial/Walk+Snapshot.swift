import DQN

extension Walk {
    func snapshot() -> StateSnapshot? {
        StateSnapshot(
            kind: Self.id, version: 1,
            values: ["walk": .int64([Int64(square), Int64(steps)]), "random": .uint64(random.words)])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id, version: 1)
        let walk = try snapshot.int64("walk", count: 2)
        // A file can contain anything.
        guard (0...Int64(Self.last)).contains(walk[0]), (0...Int64(Self.limit)).contains(walk[1]) else {
            throw ModelError(
                code: .invalidSnapshot, message: "\(Self.id) has no square \(walk[0]) at step \(walk[1]).")
        }
        random = try RandomGenerator(restoring: snapshot.uint64("random", count: 4))
        (square, steps) = (Int(walk[0]), Int(walk[1]))
    }
}
