internal import DQNModel
internal import DQNSupport

/// Processes of environments that were created for their specification only: the next environment of the same id uses
/// one, because starting a process takes a large part of a second.
///
/// `@unchecked Sendable`: `spares` is only used with `lock` held, and nothing else refers to a spare process.
final class GymnasiumSpares: @unchecked Sendable {
    static let shared = GymnasiumSpares()
    private let lock = Lock()
    private var spares: [Key: (GymnasiumProcess, GymnasiumDescription)] = [:]

    private struct Key: Hashable {
        var python: String
        var pythonPath: [String]
        var name: String
        var guarding: GymnasiumGuard
    }

    /// Removes and returns a spare process that still runs.
    func take(
        _ python: String, _ pythonPath: [String], _ name: String, _ guarding: GymnasiumGuard
    ) -> (GymnasiumProcess, GymnasiumDescription)? {
        let key = Key(python: python, pythonPath: pythonPath, name: name, guarding: guarding)
        guard let spare = lock.withLock({ spares.removeValue(forKey: key) }) else { return nil }
        // It may have been killed or stopped in the meantime.
        guard !spare.0.isStopped, (try? spare.0.ask(.describe, seconds: 1))?.status == .done else { return nil }
        return spare
    }

    /// Keeps a process, at most one per environment.
    func keep(_ process: GymnasiumProcess, _ description: GymnasiumDescription) {
        if process.loss != nil { return }
        // The replaced process ends outside the lock, since that may take a while.
        let replaced = lock.withLock {
            let key = Key(
                python: process.python, pythonPath: process.pythonPath, name: process.name, guarding: process.guarding)
            return spares.updateValue((process, description), forKey: key)
        }
        _ = replaced
    }
}
