package import DQNModel
internal import Foundation

/// A Gymnasium environment in its own Python process: `gym:NAME`.
///
/// It supports observations of numbers and actions that can be counted; docs/gymnasium.md has the rules. An exception
/// in Python is thrown here with the line that raised it. Once the process has ended or missed a time limit, every call
/// throws.
///
/// A step costs two messages over a socket, about ten microseconds, in addition to the environment's own time;
/// ``takeFrames(_:atMost:keepingTwo:)`` takes several for the same. A reference: copies are the same environment. Not thread-safe.
package final class GymnasiumEnvironment: Environment, CaptureExplaining {
    /// The specification; its id is the text of the id that the environment was created with.
    package let specification: EnvironmentSpecification
    let identity: GymnasiumIdentity
    let process: GymnasiumProcess
    let description: GymnasiumDescription
    let stepSeconds: Double
    let actionCount: Int
    let observationByteCount: Int
    var progress = EpisodeProgress()
    /// The last seed; `nil` before the first.
    var seed: UInt64?
    /// The lives left in the game, if the environment reports them with a reset or a step, as Atari does.
    package internal(set) var lives: Int?
    /// Why the state cannot be captured, once that has turned out.
    package internal(set) var captureObstacle: String?
    /// The last action mask, in memory that is allocated once.
    var mask: [Bool] = []
    /// Whether the current observation has a mask.
    var hasMask = false
    /// Whether the process may serve the next environment of this id, if this one is never reset.
    var isSpare = true
    /// Receives the files that the process has loaded until the end of the first reset, when it may load more modules.
    var onFirstReset: (([String]) -> Void)?

    /// Creates an environment in a new Python process, or takes over a process that has only reported its specification
    /// so far.
    ///
    /// - Parameter id: of kind `gymnasium`: Gymnasium's id, preceded by a module and a colon if that module registers
    ///   it; the module is searched in ``GymnasiumSettings/pythonPath`` too. Options are arguments of the environment;
    ///   those that parse as JSON are JSON, others text. Each option `wrapper` is one of Gymnasium's own wrappers, from the inside out.
    /// - Throws: ``EnvironmentError``.
    package convenience init(
        _ id: EnvironmentID, settings: GymnasiumSettings = GymnasiumSettings()
    ) throws(EnvironmentError) {
        try self.init(id, settings: settings, guarding: .nothing)
    }

    /// Creates an environment whose process may load only what a guard allows.
    init(_ id: EnvironmentID, settings: GymnasiumSettings, guarding: GymnasiumGuard) throws(EnvironmentError) {
        // The id without the scheme, as in the process and in error messages.
        let name = String(id.description.dropFirst("gym:".count))
        let python = try settings.locatePython()
        try settings.requirePythonPath()
        let process: GymnasiumProcess
        let description: GymnasiumDescription
        if let spare = GymnasiumSpares.shared.take(python, settings.pythonPath, name, guarding) {
            (process, description) = spare
        } else {
            process = try GymnasiumProcess(
                python: python, pythonPath: settings.pythonPath, name: name, id.arguments, guarding: guarding)
            let reply = try process.ask(.describe, seconds: settings.startTimeout / .seconds(1))
            if let refusal = process.refusal(of: reply, "be made") { throw refusal }
            do {
                description = try JSONDecoder().decode(GymnasiumDescription.self, from: Data(reply.payload))
            } catch {
                throw EnvironmentError(
                    code: .environmentFailed,
                    message: "The environment '\(id)' sent an invalid description (\(Self.reason(error))); use the "
                        + "Python that Scripts/setup-gymnasium installs.")
            }
            try process.share(
                bytes: description.memoryByteCount, frameCountOffset: description.frameCountOffset)
        }
        self.process = process
        self.description = description
        identity = description.identity
        specification = description.specification(id: id.description)
        actionCount = specification.actionCount
        observationByteCount = specification.observationSpace.byteCount
        stepSeconds = settings.stepTimeout / .seconds(1)
    }

    /// What is wrong with a description, in one line.
    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
        default: return "\(error)"
        }
    }

    /// The id of the Python process, for tests that kill it.
    package var processIdentifier: Int32 { process.identifier }

    deinit { if isSpare, progress.phase == .beforeFirstReset { GymnasiumSpares.shared.keep(process, description) } }

    /// Begins an episode; Gymnasium receives the 31 lowest bits of a seed, since some environments accept no more.
    package func reset(seed: UInt64?) throws(EnvironmentError) {
        let seed = (seed ?? (self.seed == nil ? 0 : nil)).map { $0 & 0x7fff_ffff }
        // Even after a failed reset, the process is not reused as a spare one.
        progress.begin()
        let reply = try process.ask(.reset, flag: seed != nil, seed ?? 0, seconds: stepSeconds)
        if let refusal = process.refusal(of: reply, "be reset") { throw refusal }
        self.seed = seed ?? self.seed
        lives = reply.lives
        readMask(reply.hasMask)
        if let report = onFirstReset {
            onFirstReset = nil
            let reply = try process.ask(.files, seconds: stepSeconds)
            report((try? JSONDecoder().decode([String].self, from: Data(reply.payload))) ?? [])
        }
    }

    /// Takes one action.
    ///
    /// - Throws: ``EnvironmentError``: `environmentFailed` with the traceback if the environment raised an exception,
    ///   and for a reward or an observation that is not finite.
    package func step(_ action: Int) throws(EnvironmentError) -> StepOutcome {
        try progress.check(action, of: specification, actions: actionCount)
        let reply = try process.ask(.step, UInt64(action), seconds: stepSeconds)
        if let refusal = process.refusal(of: reply, "be stepped") { throw refusal }
        guard reply.reward.isFinite else { throw invalidReward(reply.reward, for: action) }
        _ = progress.advance(terminated: reply.terminated || reply.truncated, limit: nil)
        lives = reply.lives
        if reply.hasMask || hasMask { readMask(reply.hasMask) }
        return StepOutcome(reward: reply.reward, terminated: reply.terminated, truncated: reply.truncated)
    }

    func invalidReward(_ reward: Double, for action: Int) -> EnvironmentError {
        // The environment's state is unknown; a reset may repair it.
        progress.abandon()
        return EnvironmentError(
            code: .environmentFailed,
            message: "The environment '\(specification.id)' paid a reward of \(reward) for action \(action); rewards "
                + "must be finite: fix the environment, or replace such rewards in a wrapper in Python.")
    }

    /// Copies the observation from the shared memory.
    package func observe(into observation: inout Observation) {
        guard let memory = process.memory else { return }
        observation.withMutableBytes {
            $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<observationByteCount]))
        }
    }

    /// The environment's `info["action_mask"]`; `nil` if the last reset or step returned none.
    package var actionMask: [Bool]? { hasMask ? mask : nil }

    /// Reads the mask from the shared memory. A mask of another length becomes one without any allowed action, which
    /// users of the mask refuse.
    func readMask(_ isPresent: Bool) {
        hasMask = isPresent
        guard isPresent, let memory = process.memory else { return }
        let count = Int(clamping: memory.load(fromByteOffset: description.maskOffset, as: UInt64.self))
        if count != mask.count { mask = [Bool](repeating: false, count: min(count, 1 << 20)) }
        guard count == actionCount else { return }
        let entries = description.maskOffset + 8
        for action in 0..<count { mask[action] = memory[entries + action] != 0 }
    }
}
