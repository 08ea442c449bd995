import DQNCheckpoint
import DQNModel

/// Samples of the additions in 1.1.
extension Samples {
    /// The samples that 1.0 cannot represent, by name of the golden file.
    static func format1_1() throws -> [(name: String, sample: Checkpoint)] {
        [
            ("sample-prioritized.h5", try prioritized()), ("sample-workers.h5", try workers()),
            ("sample-dueling.h5", try dueling()), ("sample-actor-critic.h5", try actorCritic()),
        ]
    }

    /// A dueling head with a hidden layer per stream, in all parameter vectors.
    static func dueling() throws -> Checkpoint {
        var checkpoint = try whole()
        try replaceHead(of: &checkpoint, with: .dueling(actions: 2))
        return checkpoint
    }

    /// An actor-critic head on pixels, without target network and replay.
    static func actorCritic() throws -> Checkpoint {
        var checkpoint = try pixels()
        try replaceHead(of: &checkpoint, with: .actorCritic(actions: 3))
        checkpoint.workers[0].agentSteps = checkpoint.counters.agentSteps
        checkpoint.workers[0].replay = nil
        return checkpoint
    }

    private static func replaceHead(
        of checkpoint: inout Checkpoint, with head: NetworkArchitecture.Head
    ) throws {
        let architecture = checkpoint.architecture
        checkpoint.architecture = try NetworkArchitecture(
            input: architecture.input, layers: architecture.layers, head: head)
        let count = try ParameterLayout(checkpoint.architecture).count
        checkpoint.online = floats(count, salt: 11)
        if checkpoint.target != nil { checkpoint.target = floats(count, salt: 12) }
        for (index, name) in (checkpoint.optimizer?.slots.keys.sorted() ?? []).enumerated() {
            checkpoint.optimizer?.slots[name] = floats(count, salt: UInt64(13 + index))
        }
    }

    /// One worker whose replay has priorities and a truncated episode.
    static func prioritized() throws -> Checkpoint {
        var checkpoint = try whole()
        checkpoint.workers.removeLast()
        checkpoint.workers[0].agentSteps = checkpoint.counters.agentSteps
        var replay = replay(capacity: 100, count: 37, cursor: 36, frame: [4], element: .float32)
        // The second episode ends at its time limit: slot 12 is its last step, slot 13 its final observation.
        for (name, bytes) in [("flags", [2, 8]), ("actions", [0, 0, 0, 0, 255, 255, 255, 255])] as [(String, [UInt8])] {
            guard let index = replay.columns.firstIndex(where: { $0.name == name }) else { continue }
            let start = 12 * replay.columns[index].bytesPerSlot
            replay.columns[index].chunks[0].withMutableBytes { memory in
                for (offset, byte) in bytes.enumerated() { memory[start + offset] = byte }
            }
        }
        var priorities = (0..<48).map { Double($0) / 3 }
        priorities[5] = .leastNonzeroMagnitude
        // Slots without an action, and unused slots.
        for slot in [13] + Array(36..<48) { priorities[slot] = 0 }
        let chunks = [0, 16, 32].map { start in
            priorities[start..<(start + 16)].withUnsafeBytes { ReplayChunk(byteCount: 16 * 8, prefix: $0) }
        }
        replay.columns.append(.init(name: "priorities", element: .float64, shape: [], chunks: chunks))
        checkpoint.workers[0].replay = replay
        return checkpoint
    }

    /// Five workers, one of each status and one just started, with the state of a method without replay.
    static func workers() throws -> Checkpoint {
        var checkpoint = try whole()
        checkpoint.workers = try (0..<5).map { try worker($0, checkpoint.architecture) }
        let standings: [WorkerStatus] = [.running, .finished, .abandoned, .resting, .running]
        for (index, standing) in standings.enumerated() {
            checkpoint.workers[index].status = standing
            checkpoint.workers[index].agentSteps = [20_000, 12_500, 7_500, 10_000, 0][index]
            checkpoint.workers[index].finalEpsilon = [0.1, 0.01, 0.5, nil, 0][index]
            checkpoint.workers[index].replay = nil
            if standing == .running || standing == .resting {
                checkpoint.workers[index].learner = StateSnapshot(
                    kind: "async-nstep-q", version: 2,
                    values: [
                        "parameters": .float32(floats(6, salt: UInt64(index))), "returns": .float64([-0.0, 1e300]),
                        "actions": .int64([1, -1]), "words": .uint64([.max]), "bytes": .uint8([]),
                    ])
            } else {
                checkpoint.workers[index].generators = [:]
                checkpoint.workers[index].environment = nil
                checkpoint.workers[index].observation = nil
            }
        }
        // A learner without state.
        checkpoint.workers[4].learner = StateSnapshot(kind: "async-nstep-q", version: 2, values: [:])
        return checkpoint
    }
}
