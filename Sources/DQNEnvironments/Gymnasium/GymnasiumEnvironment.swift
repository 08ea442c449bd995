public import DQNModel
internal import Foundation

/// An environment of Gymnasium's, in a Python process of its own.
///
/// It takes every environment with a `Discrete` action space and a `Box` of observations: floats and booleans become
/// `float32`, `uint8` stays; of three axes the channels come first. What fails in Python is thrown here, with the line
/// that raised it; a process that ends or does not answer in time is reported as such and cannot be used any more.
///
/// A step costs two messages over a socket, some ten microseconds, besides the environment's own time. Not thread-safe.
///
/// ```swift
/// let environment = try GymnasiumEnvironment("LunarLander-v3")
/// try environment.reset(seed: 1)
/// let outcome = try environment.step(0)
/// ```
public final class GymnasiumEnvironment: Environment {
    /// The id is `gym:` and Gymnasium's own.
    public let specification: EnvironmentSpecification
    let identity: GymnasiumIdentity
    let process: GymnasiumProcess
    let stepSeconds: Double
    let actionCount: Int
    var progress = EpisodeProgress()
    /// What the environment's random stream was begun with last; `nil` before.
    var seed: UInt64?
    /// Lives left in the game, where the environment tells them with a reset or a step, as Atari does.
    public internal(set) var lives: Int?
    /// Whether it has turned out that the state cannot be told.
    var cannotTell = false

    /// Starts a Python process, or takes one that was asked for its specification only, and makes the environment.
    ///
    /// - Parameter name: Gymnasium's id; the module that registers it may stand before a colon, as in
    ///   `my_module:MyEnvironment-v0`, and is looked for in the current directory too. Arguments of the environment may
    ///   stand behind a question mark, as in `ALE/Pong-v5?frameskip=1,obs_type=grayscale`; what can be read as JSON is.
    /// - Throws: ``EnvironmentError``.
    public init(_ name: String, options: Options = Options()) throws {
        let python = try GymnasiumPython.find(options.python)
        let reference = try EnvironmentOptions(name)
        let process: GymnasiumProcess
        let description: GymnasiumDescription
        if let spare = GymnasiumSpares.shared.take(python, name) {
            (process, description) = spare
        } else {
            process = try GymnasiumProcess(python: python, name: name, reference)
            let reply = try process.ask(.describe, seconds: options.startSeconds)
            if let refusal = process.refusal(of: reply, "be made") { throw refusal }
            do {
                description = try JSONDecoder().decode(GymnasiumDescription.self, from: Data(reply.payload))
            } catch {
                throw EnvironmentError(
                    code: .environmentFailed,
                    message: "The environment 'gym:\(name)' cannot be used: what it tells of itself cannot be read "
                        + "(\(Self.reason(error))).")
            }
            try process.share(bytes: ObservationSpace(shape: description.shape, element: description.element).byteCount)
        }
        self.process = process
        self.description = description
        identity = description.identity
        specification = description.specification(id: "gym:\(name)")
        actionCount = specification.actionCount
        stepSeconds = options.stepSeconds ?? Self.standardStepSeconds
    }

    /// What of a description cannot be read, in a line.
    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
        default: return "\(error)"
        }
    }

    let description: GymnasiumDescription

    /// The Python process, for tests that kill it.
    package var processIdentifier: Int32 { process.identifier }

    deinit { if progress.phase == .beforeFirstReset { GymnasiumSpares.shared.keep(process, description) } }

    /// Begins an episode; of a seed Gymnasium gets the 31 lowest bits, since some environments take no more.
    ///
    /// - Throws: ``EnvironmentError``.
    public func reset(seed: UInt64?) throws {
        let seed = (seed ?? (self.seed == nil ? 0 : nil)).map { $0 & 0x7fff_ffff }
        // Also where it fails: the process is as good as new no more.
        progress.begin()
        let reply = try process.ask(.reset, flag: seed != nil, seed ?? 0, seconds: stepSeconds)
        if let refusal = process.refusal(of: reply, "be reset") { throw refusal }
        self.seed = seed ?? self.seed
        lives = reply.lives
    }

    /// Takes one action.
    ///
    /// - Throws: ``EnvironmentError``; `environmentFailed` with the traceback when the environment raised an exception,
    ///   and for a reward or an observation that is not finite.
    public func step(_ action: Int) throws -> StepOutcome {
        try progress.check(action, of: specification, actions: actionCount)
        let reply = try process.ask(.step, UInt64(action), seconds: stepSeconds)
        if let refusal = process.refusal(of: reply, "be stepped") { throw refusal }
        guard reply.reward.isFinite else { throw unpayable(reply.reward, for: action) }
        _ = progress.advance(terminated: reply.terminated || reply.truncated, limit: nil)
        lives = reply.lives
        return StepOutcome(reward: reply.reward, terminated: reply.terminated, truncated: reply.truncated)
    }

    private func unpayable(_ reward: Double, for action: Int) -> EnvironmentError {
        // Nobody knows where it stands now; a reset may mend it.
        progress.abandon()
        return EnvironmentError(
            code: .environmentFailed,
            message: "The environment '\(specification.id)' paid a reward of \(reward) for action \(action); rewards "
                + "must be finite: mend it, or replace them in a wrapper of its own.")
    }

    /// Copies the observation out of the shared memory.
    public func observe(into observation: inout Observation) {
        guard let memory = process.memory else { return }
        observation.withMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(memory)) }
    }
}
