public import DQNModel
internal import DQNSupport

/// Creates environments by id; other modules may add theirs.
///
/// Safe to use from any thread.
public enum EnvironmentRegistry {
    /// Creates an environment, not reset yet.
    ///
    /// It may throw any error; `make` wraps errors other than ``EnvironmentError``.
    package typealias Factory = @Sendable () throws -> any Environment

    /// The registered ids, sorted.
    public static var identifiers: [String] { entries.withLock { $0.keys.sorted() } }

    /// Creates the environment of an id, inside wrappers.
    ///
    /// Each call for a Gymnasium environment starts a Python process; one for a plug-in loads its library once.
    /// - Parameters:
    ///   - id: the environment, with its options.
    ///   - wrappers: the wrappers, the innermost first, as a configuration and its checkpoints list them.
    ///   - use: what the environment is for: some wrappers are for training only.
    ///   - gymnasium: how Gymnasium environments are run; other environments ignore it.
    ///   - trust: whether the environment may bring code, such as the library of a plug-in. An id from a file may be
    ///     somebody else's.
    /// - Throws: ``EnvironmentError``: `unknownEnvironment` with the nearest known id, `notAllowed` if the environment
    ///   brings code that `trust` does not allow, `invalidWrapper`, and the errors of the environment itself. An error of
    ///   another type that a factory throws is the `underlying` one of an `environmentFailed`.
    public static func make(
        _ id: EnvironmentID, wrappers: [String] = [], for use: WrapperList.Use = .playing,
        gymnasium: GymnasiumSettings = GymnasiumSettings(), trust: EnvironmentTrust = .withoutCode
    ) throws(EnvironmentError) -> any Environment {
        let list = try WrapperList(wrappers)
        return try list.wrap(makeBare(id, gymnasium.trusting(trust)), for: use)
    }

    /// Parses an id and creates its environment, as `make` does for an ``EnvironmentID``.
    ///
    /// - Throws: ``EnvironmentError``, including the errors of ``EnvironmentID/init(_:)``.
    public static func make(
        _ id: String, wrappers: [String] = [], for use: WrapperList.Use = .playing,
        gymnasium: GymnasiumSettings = GymnasiumSettings(), trust: EnvironmentTrust = .withoutCode
    ) throws(EnvironmentError) -> any Environment {
        try make(EnvironmentID(id), wrappers: wrappers, for: use, gymnasium: gymnasium, trust: trust)
    }

    /// Creates the environment of a new run, with the id to store: options are added to the id if, without them, it would
    /// not state how observations are read, or would state the reading of earlier versions.
    ///
    /// - Throws: ``EnvironmentError`` as `make`.
    package static func resolve(
        _ id: EnvironmentID, gymnasium: GymnasiumSettings
    ) throws(EnvironmentError) -> (id: EnvironmentID, environment: any Environment) {
        let environment = try make(id, gymnasium: gymnasium)
        let resolved = try id.defaulting(environment.specification.advisedOptions)
        if resolved == id { return (id, environment) }
        // Its process serves no other environment.
        (environment as? GymnasiumEnvironment)?.isSpare = false
        return (resolved, try make(resolved, gymnasium: gymnasium))
    }

    private static func makeBare(
        _ id: EnvironmentID, _ gymnasium: GymnasiumSettings
    ) throws(EnvironmentError) -> any Environment {
        switch id.kind {
        case .gymnasium, .plugIn: return try EnvironmentAdmission(id, gymnasium).make()
        case .registered:
            guard let factory = entries.withLock({ $0[id.name] }) else { throw unknown(id.name) }
            do { return try factory() } catch let error as EnvironmentError { throw error } catch {
                throw EnvironmentError(
                    code: .environmentFailed,
                    message: "The environment '\(id)' could not be created: \(systemReason(error))",
                    underlying: error)
            }
        }
    }

    /// Whether the id is registered, or names Gymnasium or a plug-in; whether such an environment exists is checked
    /// when it is created.
    package static func recognizes(_ id: EnvironmentID) -> Bool {
        id.kind != .registered || entries.withLock { $0[id.name] != nil }
    }

    /// Adds an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`alreadyRegistered`) if the id is taken, or starts with the scheme of Gymnasium
    ///   or plug-ins: the meaning of an id never changes.
    public static func register(
        _ id: String, factory: @escaping @Sendable () throws -> any Environment
    ) throws(EnvironmentError) {
        if EnvironmentID.hasScheme(id) {
            throw EnvironmentError(
                code: .alreadyRegistered,
                message:
                    "The environment id '\(id)' begins with 'gym:' or 'plugin:', which name Gymnasium's environments "
                    + "and plug-ins; register under another one.")
        }
        let isNew = entries.withLock { table in
            if table[id] != nil { return false }
            table[id] = factory
            return true
        }
        guard isNew else {
            throw EnvironmentError(
                code: .alreadyRegistered, message: "The environment id '\(id)' is taken; register under another one.")
        }
    }

    private static let entries = LockedTable([
        "CartPole-v1": { CartPole() },
        "MountainCar-v0": { MountainCar() },
        "Acrobot-v1": { Acrobot() },
        "Catch-v0": { Catch(.board) },
        "Catch84-v0": { Catch(.pixels) },
    ])

    private static func unknown(_ id: String) -> EnvironmentError {
        let known = identifiers
        // People omit the version: `cartpole` is close to `CartPole`, but far from `CartPole-v1`.
        let names = Dictionary(known.map { ($0.prefix { $0 != "-" }.description, $0) }) { first, _ in first }
        let nearest = NearestName.suggestion(for: id, among: known + names.keys.sorted())
        let guess = nearest.map { "; did you mean '\(names[$0] ?? $0)'? The" } ?? "; the"
        return EnvironmentError(
            code: .unknownEnvironment,
            message: "Unknown environment '\(id)'\(guess) known ones are \(known.joined(separator: ", ")), "
                + "and gym:NAME for Gymnasium environments.")
    }
}

/// The registry's table behind its lock.
///
/// `@unchecked Sendable`: `table` is only used with `lock` held.
private final class LockedTable: @unchecked Sendable {
    private let lock = Lock()
    private var table: [String: EnvironmentRegistry.Factory]

    init(_ table: [String: EnvironmentRegistry.Factory]) { self.table = table }

    func withLock<Result>(_ body: (inout [String: EnvironmentRegistry.Factory]) -> Result) -> Result {
        lock.withLock { body(&table) }
    }
}
