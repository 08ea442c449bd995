internal import Foundation

/// The requests to a worker, with the numbers of its script.
enum GymnasiumOperation: UInt32 {
    case describe = 1
    case reset = 2
    case step = 3
    case snapshot = 4
    case restore = 5
    case render = 6
    case picture = 7
    case files = 8
    case frames = 9

    /// Whether it steps the environment.
    var isStep: Bool { self == .step || self == .frames }
}

/// The status of a worker's reply, with the numbers of its script.
enum GymnasiumStatus: UInt32 {
    case done = 0
    case failed = 1
    case packageMissing = 2
    case unknown = 3
    case unsupported = 4
    case notCapturable = 5
    case invalidSnapshot = 6
    case invalidOptions = 7
    /// A valid state that does not fit this environment.
    case notApplicable = 8
    case notFinite = 9
    /// An environment of the package gym, the predecessor of gymnasium.
    case oldAPI = 10
    /// A step returned something else than a number, two truth values and a dictionary.
    case invalidOutcome = 11
    /// A file that the user has not allowed was about to be loaded.
    case notAllowed = 12
}

/// A worker's reply.
struct GymnasiumReply {
    /// Bytes before the payload.
    static let byteCount = 24

    let status: GymnasiumStatus
    let terminated: Bool
    let truncated: Bool
    /// Whether the shared memory holds an action mask.
    let hasMask: Bool
    /// Whether the reward is not finite, so that its frame does not count.
    let hasInvalidReward: Bool
    /// The frames taken by a request for several.
    let frames: Int
    /// The lives left after a reset or a step; `nil` if the game counts none.
    let lives: Int?
    let reward: Double
    let payload: [UInt8]

    /// The payload as text.
    var text: String { String(decoding: payload, as: UTF8.self) }
}

extension GymnasiumReply {
    /// Decodes the fixed part and the payload's length; `nil` for an unknown status.
    @inline(__always)
    static func header(_ bytes: UnsafeMutableRawPointer) -> (reply: GymnasiumReply, payloadBytes: UInt64)? {
        let word = bytes.load(as: UInt32.self)
        guard let status = GymnasiumStatus(rawValue: word & 0xff) else { return nil }
        let flags = bytes.load(fromByteOffset: 4, as: UInt32.self)
        return (
            GymnasiumReply(
                status: status, terminated: flags & 1 != 0, truncated: flags & 2 != 0, hasMask: flags & 4 != 0,
                hasInvalidReward: flags & 8 != 0, frames: Int(word >> 8),
                lives: flags >> 8 > 0 ? Int(flags >> 8) - 1 : nil,
                reward: bytes.load(fromByteOffset: 8, as: Double.self), payload: []),
            bytes.load(fromByteOffset: 16, as: UInt64.self)
        )
    }

    func with(payload: [UInt8]) -> GymnasiumReply {
        GymnasiumReply(
            status: status, terminated: terminated, truncated: truncated, hasMask: hasMask,
            hasInvalidReward: hasInvalidReward, frames: frames, lives: lives, reward: reward, payload: payload)
    }
}
