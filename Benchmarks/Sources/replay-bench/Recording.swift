import DQNCheckpoint
import DQNLearning
import DQNModel
import Foundation

/// The frames that Benchmarks/replay/record wrote, and replays filled with them.
struct Recording {
    static let frame = ObservationSpace(shape: [84, 84], element: .uint8)

    private let frames: Data
    private let actions: [Int32]
    private let rewards: [Float]
    private let flags: [UInt8]

    init(_ folder: URL) throws {
        frames = try Data(contentsOf: folder.appendingPathComponent("frames.u8"), options: .alwaysMapped)
        actions = try Self.values("actions.i32", folder)
        rewards = try Self.values("rewards.f32", folder)
        flags = try Self.values("flags.u8", folder)
    }

    private static func values<Value: BitwiseCopyable>(_ name: String, _ folder: URL) throws -> [Value] {
        try Data(contentsOf: folder.appendingPathComponent(name)).withUnsafeBytes {
            Array($0.bindMemory(to: Value.self))
        }
    }

    /// Adds a range of the recorded steps. The range must follow the steps already added.
    func add(_ range: Range<Int>, to replay: ReplayMemory) {
        frames.withUnsafeBytes { bytes in
            func frame(_ index: Int) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[(index * 7056)..<((index + 1) * 7056)])
            }
            for index in range {
                // The bits that docs/format.md gives to the column `flags`.
                let (terminated, episodeStart) = (flags[index] & 1 != 0, flags[index] & 4 != 0)
                if episodeStart { replay.beginEpisode(frame(index)) }
                // A replay does not store the frame after an episode's last step.
                replay.add(
                    action: Int(actions[index]), reward: Double(rewards[index]),
                    terminated: terminated, truncated: false, next: frame(index + 1))
            }
        }
    }

    static func replay(capacity: Int) -> ReplayMemory {
        ReplayMemory(capacity: capacity, frame: frame, frameStack: 4, discount: 0.99)
    }

    /// Returns a checkpoint of a replay and of a network whose size is negligible.
    static func checkpoint(_ replay: ReplayMemory, step: Int) throws -> Checkpoint {
        let input = ObservationSpace(shape: [4, 84, 84], element: .uint8)
        let architecture = try NetworkArchitecture(
            input: input, layers: [.convolution(outputs: 1, kernel: 8, stride: 8)], head: .actionValues(actions: 6))
        var counters = Counters()
        counters.agentSteps = step
        let worker = WorkerState(
            generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0, recentReturns: [],
            recentLengths: [], replay: replay.snapshot())
        return Checkpoint(
            writer: .current, configuration: .object(["environment": .string("Pong"), "frame_stack": .integer(4)]),
            architecture: architecture,
            online: [Float](repeating: 0.01, count: try ParameterLayout(architecture).count), counters: counters,
            workers: [worker])
    }
}
