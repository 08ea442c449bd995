public import DQNModel

/// The id of an environment, parsed: `CartPole-v1`, `gym:ALE/Pong-v5?frameskip=1` or
/// `plugin:./grid-world.so:GridWorld-v0?size=7`.
///
/// ```swift
/// let id = try EnvironmentID("gym:CartPole-v1").setting(["max_episode_steps=200"])
/// let environment = try EnvironmentRegistry.make(id)
/// ```
///
/// Parsing checks the syntax only; ``EnvironmentRegistry`` checks whether the environment exists.
public struct EnvironmentID: Sendable, Hashable, CustomStringConvertible {
    /// Where an environment comes from.
    public enum Kind: Sendable, Hashable {
        /// Built in, or registered with ``EnvironmentRegistry``.
        case registered
        /// Gymnasium: `gym:NAME`.
        case gymnasium
        /// A shared library: `plugin:PATH:NAME`.
        case plugIn(path: String)
    }

    /// Where the environment comes from.
    public let kind: Kind
    /// The environment's name, without scheme, path and options: `CartPole-v1`, `ALE/Pong-v5`, `GridWorld-v0`. Empty if
    /// a plug-in's id names only the library.
    public let name: String
    /// The id as given; files store this text.
    public let description: String
    /// The options by key, without percent escapes; of several wrappers only the first.
    public var options: [String: String] {
        Dictionary(arguments.pairs.map { ($0.key, $0.value) }) { first, _ in first }
    }
    /// The name with its options in order.
    let arguments: EnvironmentOptions

    /// Parses an id.
    ///
    /// - Parameter text: a registered name; `gym:` and Gymnasium's id, which may start with a module and a colon; or
    ///   `plugin:` and the path of a library, with `:NAME` if the library has several environments. Options follow a
    ///   question mark: `?size=7,slip=0.1`, with `%2C` for a comma and `%25` for a percent sign. A registered name has
    ///   no options.
    /// - Throws: ``EnvironmentError``: `invalidOptions` for options that are not `key=value`, `unknownEnvironment` for
    ///   a `plugin:` id without a path or with an invalid name.
    public init(_ text: String) throws(EnvironmentError) {
        description = text
        switch Self.split(text) {
        case ("gym", let rest)?:
            arguments = try EnvironmentOptions(rest)
            (kind, name) = (.gymnasium, arguments.name)
        case ("plugin", let rest)?:
            let parsed = try EnvironmentOptions(rest)
            var (path, name) = (parsed.name, String?.none)
            // A name contains no slash, so a colon in a folder's name does not start the environment's name.
            if let colon = path.lastIndex(of: ":"), !path[colon...].contains("/") {
                name = String(path[colon...].dropFirst())
                path = String(path[..<colon])
            }
            guard !path.isEmpty, !path.contains("\0"), name.map(PluginTable.isName) ?? true else {
                throw EnvironmentError(
                    code: .unknownEnvironment,
                    message: "Invalid plug-in id '\(text)'; write plugin:PATH:NAME, as in "
                        + "plugin:./grid-world.so:GridWorld-v0.")
            }
            (kind, self.name) = (.plugIn(path: path), name ?? "")
            arguments = EnvironmentOptions(name: name ?? "", pairs: parsed.pairs)
        default:
            (kind, name) = (.registered, text)
            arguments = EnvironmentOptions(name: text, pairs: [])
        }
    }

    /// The same environment with options set: an option of the same key is replaced, any other added. Options `wrapper`
    /// replace all wrappers of the id, in order.
    ///
    /// - Parameter assignments: texts `key=value`; the value is everything after the first equals sign.
    /// - Throws: ``EnvironmentError`` (`invalidOptions`) for a text without a key, and for a registered environment,
    ///   which takes no options.
    public func setting(_ assignments: [String]) throws(EnvironmentError) -> EnvironmentID {
        if assignments.isEmpty { return self }
        guard kind != .registered else {
            throw EnvironmentError(
                code: .invalidOptions,
                message: "The environment '\(self)' takes no options; only ids with a scheme do, such as gym:\(self).")
        }
        var options = arguments
        try options.set(assignments)
        return try EnvironmentID(prefix + options.query)
    }

    /// The same environment with default options, which the id's own options override.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidOptions`) as ``setting(_:)``.
    package func defaulting(_ assignments: [String]) throws(EnvironmentError) -> EnvironmentID {
        try setting(
            assignments.filter { assignment in !arguments.pairs.contains { assignment.hasPrefix("\($0.key)=") } })
    }

    /// The id of the same environment with the name from its library.
    func naming(_ name: String) throws(EnvironmentError) -> EnvironmentID {
        guard case .plugIn(let path) = kind, self.name.isEmpty else { return self }
        let query = description.drop { $0 != "?" }
        return try EnvironmentID("plugin:\(path):\(name)" + (query.count > 1 ? query : ""))
    }

    /// The complete id of an environment with this specification: for a plug-in it includes the environment's name,
    /// which the id may omit.
    package func text(in specification: EnvironmentSpecification) -> String {
        kind == .registered ? description : specification.id
    }

    /// The seed that the environment itself receives in a reset: Gymnasium receives the 31 lowest bits, since some of its
    /// environments accept no more.
    package func resetSeed(_ seed: UInt64) -> UInt64 { kind == .gymnasium ? seed & 0x7fff_ffff : seed }

    /// The last part of the name, suitable for a folder: `Pong-v5` of `gym:ALE/Pong-v5`.
    package var shortName: String? { name.split { "/:".contains($0) }.last.map(String.init) }

    /// The id without its options.
    private var prefix: String { String(kind == .registered ? description[...] : description.prefix { $0 != "?" }) }

    /// Whether a text begins with a scheme, and so cannot be a registered name.
    static func hasScheme(_ text: String) -> Bool { split(text) != nil }

    private static func split(_ text: String) -> (scheme: String, rest: String)? {
        for scheme in ["gym", "plugin"] where text.hasPrefix("\(scheme):") {
            return (scheme, String(text.dropFirst(scheme.count + 1)))
        }
        return nil
    }

    /// Two ids are equal if their texts are.
    public static func == (first: EnvironmentID, second: EnvironmentID) -> Bool {
        first.description == second.description
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
