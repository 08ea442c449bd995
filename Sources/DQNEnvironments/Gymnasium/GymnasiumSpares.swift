internal import DQNModel
internal import DQNSupport

/// Processes of environments that were created for their specification only: the next environment of the same id uses
/// one, because starting a process takes a large part of a second.
///
/// `@unchecked Sendable`: `spares` is only used with `lock` held, and nothing else refers to a spare process.
final class GymnasiumSpares: @unchecked Sendable {
    static let shared = GymnasiumSpares()
    private let lock = Lock()
    private var spares: [[String]: (GymnasiumProcess, GymnasiumDescription)] = [:]

    private static func key(_ python: String, _ pythonPath: [String], _ name: String) -> [String] {
        [python] + pythonPath + [name]
    }

    /// Removes and returns a spare process that still runs.
    func take(
        _ python: String, _ pythonPath: [String], _ name: String
    ) -> (GymnasiumProcess, GymnasiumDescription)? {
        let key = Self.key(python, pythonPath, name)
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
            spares.updateValue(
                (process, description), forKey: Self.key(process.python, process.pythonPath, process.name))
        }
        _ = replaced
    }
}
