internal import DQNCheckpoint
public import DQNModel
internal import DQNSupport

/// The training methods by name. Other packages can add their own.
///
/// Safe to use from any thread.
public enum TrainingMethods {
    /// The names that the configuration key `method` accepts, sorted.
    package static var names: [String] { table.withLock { $0.keys.sorted() } }

    /// Returns the method of the given name.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) with the nearest name.
    package static func named(_ name: String) throws(TrainingError) -> any TrainingMethod {
        guard let method = table.withLock({ $0[name] }) else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "Unknown method '\(name)'; \(NearestName.remedy(for: name, among: names))")
        }
        return method
    }

    /// Registers a method.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if the name is taken, or if the method's
    ///   ``TrainingMethod/extensionOwner`` is missing or is not in reverse-domain form.
    public static func register(_ method: any TrainingMethod) throws(TrainingError) {
        guard let owner = method.extensionOwner else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method '\(method.name)' has no extensionOwner; checkpoints need one to store its state.")
        }
        guard ExtensionGroup.isOwner(owner) else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The extensionOwner '\(owner)' of the method '\(method.name)' is not in reverse-domain form; "
                    + "use letters, digits, '_', '-' and '.', as in org.example.plugin.")
        }
        let isNew = table.withLock { methods in
            if methods[method.name] != nil { return false }
            methods[method.name] = method
            return true
        }
        guard isNew else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The method name '\(method.name)' is taken; register the method under another name.")
        }
    }

    /// The default method: `dqn`.
    package static let standard: any TrainingMethod = StandardDQN()

    private static let table = MethodTable([
        standard, AsynchronousDQN(), AsynchronousQ(), AsynchronousSARSA(), AsynchronousNStepQ(), A3C(), PQN(),
    ])
}

/// A table of methods behind a lock.
///
/// `@unchecked Sendable`: `table` is only accessed with `lock` held.
private final class MethodTable: @unchecked Sendable {
    private let lock = Lock()
    private var table: [String: any TrainingMethod]

    init(_ methods: [any TrainingMethod]) {
        table = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
    }

    func withLock<Result>(_ body: (inout [String: any TrainingMethod]) -> Result) -> Result {
        lock.withLock { body(&table) }
    }
}
