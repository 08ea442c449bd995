internal import DQNModel
internal import DQNSupport

/// Processes that were made for no more than their specifications: who makes the same environment next takes one over,
/// since a start takes a good part of a second.
///
/// `@unchecked Sendable`: `spares` is touched only with `lock` held, and a spare belongs to nobody else.
final class GymnasiumSpares: @unchecked Sendable {
    static let shared = GymnasiumSpares()
    private let lock = Lock()
    private var spares: [String: (GymnasiumProcess, GymnasiumDescription)] = [:]

    private static func key(_ python: String, _ name: String) -> String { "\(python)\n\(name)" }

    /// A process that runs still, if there is one.
    func take(_ python: String, _ name: String) -> (GymnasiumProcess, GymnasiumDescription)? {
        guard let spare = lock.withLock({ spares.removeValue(forKey: Self.key(python, name)) }) else { return nil }
        // It may have been killed while nobody looked.
        guard (try? spare.0.ask(.describe, seconds: 1))?.status == .done else { return nil }
        return spare
    }

    /// Keeps a process, one for each environment at most.
    func keep(_ process: GymnasiumProcess, _ description: GymnasiumDescription) {
        if process.loss != nil { return }
        // What it replaces ends outside the lock, which may take a while.
        let replaced = lock.withLock {
            spares.updateValue((process, description), forKey: Self.key(process.python, process.name))
        }
        _ = replaced
    }
}
