public import DQNModel
internal import DQNSupport

/// Makes environments by id; other modules may add theirs.
///
/// An id with a colon names a scheme and what is the scheme's to find: `plugin:./grid-world.so:GridWorld-v0`.
///
/// Safe to use from any thread.
public enum EnvironmentRegistry {
    /// Makes a new environment, not reset yet.
    public typealias Factory = @Sendable () throws -> any Environment

    /// The ids that ``make(_:)`` knows, sorted.
    public static var identifiers: [String] { entries.withLock { $0.keys.sorted() } }

    /// Makes an environment of a scheme from what follows the colon.
    typealias SchemeFactory = @Sendable (String) throws -> any Environment

    /// What ids may begin with before their first colon.
    static let schemes: [String: SchemeFactory] = [
        "gym": { try GymnasiumEnvironment($0) },
        "plugin": { try PluginEnvironment($0) },
    ]

    /// Makes the environment of an id: a registered one, or one of a scheme, as `gym:NAME` of Gymnasium's.
    ///
    /// - Throws: ``EnvironmentError`` (`unknownEnvironment`) with the nearest id that exists, or what the
    ///   factory throws.
    public static func make(_ id: String) throws -> any Environment {
        if let (factory, rest) = scheme(of: id) { return try factory(rest) }
        guard let factory = entries.withLock({ $0[id] }) else { throw unknown(id) }
        return try factory()
    }

    /// Makes the environment of an id within wrappers, as a run's configuration and its checkpoints have them.
    ///
    /// - Throws: as ``make(_:)``; ``EnvironmentError`` (`invalidWrapper`).
    public static func make(
        _ id: String, wrappers: [String], for use: WrapperList.Use = .playing
    ) throws -> any Environment {
        let list = try WrapperList(wrappers)
        return try list.wrap(make(id), for: use)
    }

    /// An id with options: those it has, then these; one of the same key is replaced.
    ///
    /// - Parameter settings: texts `key=value`.
    /// - Throws: ``EnvironmentError`` (`invalidOptions`), also where the environment takes none: a registered one.
    public static func identifier(_ id: String, setting settings: [String]) throws(EnvironmentError) -> String {
        if settings.isEmpty { return id }
        guard scheme(of: id) != nil else {
            throw EnvironmentError(
                code: .invalidOptions,
                message: "The environment '\(id)' takes no options; environments with a scheme do, as gym:\(id).")
        }
        var options = try EnvironmentOptions(id)
        for setting in settings { try options.set(setting) }
        return options.id
    }

    /// An id with options: those it has, and these where it has none of the same key.
    ///
    /// - Parameter settings: texts `key=value`.
    /// - Throws: ``EnvironmentError`` (`invalidOptions`) as ``identifier(_:setting:)``.
    public static func identifier(_ id: String, defaulting settings: [String]) throws(EnvironmentError) -> String {
        let present = try EnvironmentOptions(id)
        return try identifier(
            id, setting: settings.filter { setting in !present.pairs.contains { setting.hasPrefix("\($0.key)=") } })
    }

    /// Whether ``make(_:)`` would try: the id is registered, or has a scheme. What a scheme's id names may be
    /// missing all the same.
    public static func recognizes(_ id: String) -> Bool {
        scheme(of: id) != nil || entries.withLock { $0[id] != nil }
    }

    /// The id by which an environment is found again, also where what it names has changed meanwhile: a scheme's ids may
    /// leave out what its environments' specifications have.
    public static func canonicalIdentifier(_ id: String, _ specification: EnvironmentSpecification) -> String {
        scheme(of: id) == nil ? id : specification.id
    }

    private static func scheme(of id: String) -> (SchemeFactory, String)? {
        guard let colon = id.firstIndex(of: ":"), let factory = schemes[String(id[..<colon])] else { return nil }
        return (factory, String(id[colon...].dropFirst()))
    }

    /// Adds an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`alreadyRegistered`) when the id is taken: a plug-in cannot change what
    ///   an id means.
    public static func register(_ id: String, factory: @escaping Factory) throws(EnvironmentError) {
        let isNew = entries.withLock { table in
            if table[id] != nil || scheme(of: id) != nil { return false }
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
        // People leave the version out: `cartpole` is near `CartPole`, but far from `CartPole-v1`.
        let names = Dictionary(known.map { ($0.prefix { $0 != "-" }.description, $0) }) { first, _ in first }
        let nearest = NearestName.suggestion(for: id, among: known + names.keys.sorted())
        let guess = nearest.map { "; did you mean '\(names[$0] ?? $0)'? The" } ?? "; the"
        return EnvironmentError(
            code: .unknownEnvironment,
            message: "There is no environment '\(id)'\(guess) known ones are \(known.joined(separator: ", ")), "
                + "and gym:NAME for Gymnasium's.")
    }
}

/// The registry's table behind its lock.
///
/// `@unchecked Sendable`: `table` is touched only with `lock` held.
private final class LockedTable: @unchecked Sendable {
    private let lock = Lock()
    private var table: [String: EnvironmentRegistry.Factory]

    init(_ table: [String: EnvironmentRegistry.Factory]) { self.table = table }

    func withLock<Result>(_ body: (inout [String: EnvironmentRegistry.Factory]) -> Result) -> Result {
        lock.withLock { body(&table) }
    }
}
