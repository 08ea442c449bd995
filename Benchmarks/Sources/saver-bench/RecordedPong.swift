import DQNEnvironments
import DQNModel
import Foundation

/// An environment that shows recorded Pong frames in order, whatever the action: the cost of a save depends on the
/// frames, not on how well the agent plays.
struct RecordedPong: Environment {
    static let id = "RecordedPong-v0"
    static let space = ObservationSpace(shape: [84, 84], element: .uint8)

    /// The memory-mapped recording, shared by all workers.
    let frames: Data
    let flags: [UInt8]
    private var position = 0
    private let count: Int

    init(_ folder: URL) throws {
        frames = try Data(contentsOf: folder.appendingPathComponent("frames.u8"), options: .alwaysMapped)
        flags = Array(try Data(contentsOf: folder.appendingPathComponent("flags.u8")))
        count = flags.count
    }

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id, observationSpace: Self.space,
            actionMeanings: ["NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"],
            maximumEpisodeSteps: nil, rewardThreshold: nil)
    }

    mutating func reset(seed: UInt64?) {
        // Each worker starts at another frame.
        if let seed { position = Int(seed % UInt64(count)) }
    }

    mutating func step(_ action: Int) -> StepOutcome {
        position = (position + 1) % count
        return StepOutcome(reward: 0, terminated: flags[position] & 1 != 0, truncated: false)
    }

    func observe(into observation: inout Observation) {
        frames.withUnsafeBytes { bytes in
            observation.withMutableBytes {
                $0.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[(position * 7056)..<((position + 1) * 7056)]))
            }
        }
    }

    func snapshot() -> StateSnapshot? {
        StateSnapshot(kind: Self.id, version: 1, values: ["position": .int64([Int64(position)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        position = Int(try snapshot.int64("position", count: 1)[0])
    }

    func renderANSI() -> String { "frame \(position)" }
}
