internal import CDQNEnvironment
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A shared library with environments, loaded once in the process and never unloaded: its tables, code and texts are
/// good for the process's life.
///
/// Loading runs the library's code in this process, with all that this process may do.
///
/// `@unchecked Sendable`: what the library gave is copied and constant; `specifications` is touched with `lock` held.
final class PluginLibrary: @unchecked Sendable {
    /// The canonical path, under which the process knows it.
    let path: String
    /// Its environments, at least one, with names that differ.
    let environments: [PluginTable]
    private let lock = Lock()
    private var specifications: [String: EnvironmentSpecification] = [:]

    private static let libraries = Libraries()

    /// The library of a file, loaded when it is first asked for.
    ///
    /// Safe to call from any thread; others that want a library meanwhile wait.
    /// - Parameter path: canonical.
    /// - Throws: ``EnvironmentError`` (`invalidPlugin`) when it cannot be loaded or breaks the contract.
    static func open(_ path: String) throws(EnvironmentError) -> PluginLibrary {
        try libraries.find(path) { () throws(EnvironmentError) in try PluginLibrary(loading: path) }
    }

    private init(loading path: String) throws(EnvironmentError) {
        self.path = path
        // RTLD_NOW: a symbol that is missing shows here, not in the middle of a run. RTLD_LOCAL: plug-ins with functions
        // of the same names do not meet.
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let reason = dlerror().map { boundedText($0, limit: 500) } ?? "no reason given"
            throw .invalidPlugin(path, "cannot be loaded (\(reason)); build it as a shared library for this machine")
        }
        guard let symbol = dlsym(library, "dqn_environment_plugin") else {
            throw .invalidPlugin(
                path, "exports no 'dqn_environment_plugin'; define that function of dqn_environment.h with C linkage")
        }
        // The header declares the symbol with this type.
        let entry = unsafeBitCast(
            symbol, to: (@convention(c) (UInt32) -> UnsafePointer<dqn_environment_library>?).self)
        guard let offer = entry(DQN_ENVIRONMENT_ABI_VERSION) else {
            throw .invalidPlugin(
                path,
                "offers nothing to version \(DQN_ENVIRONMENT_ABI_VERSION) of the interface; "
                    + "compile it with this version's dqn_environment.h")
        }
        // Nothing else of the offer may be read before the version is known.
        let version = offer.pointee.abi_version
        guard version == DQN_ENVIRONMENT_ABI_VERSION else {
            throw .invalidPlugin(
                path,
                "has version \(version) of the interface and this program version "
                    + "\(DQN_ENVIRONMENT_ABI_VERSION); compile it with this version's dqn_environment.h")
        }
        environments = try Self.tables(offer.pointee, path)
    }

    private static func tables(
        _ offer: dqn_environment_library, _ path: String
    ) throws(EnvironmentError) -> [PluginTable] {
        let count = Int(offer.environment_count)
        guard (1...1024).contains(count), let list = offer.environments else {
            throw .invalidPlugin(
                path,
                "offers \(count) environments\(offer.environments == nil ? " in no list" : ""); "
                    + "offer 1 to 1024")
        }
        var tables: [PluginTable] = []
        for index in 0..<count {
            guard let table = list[index] else {
                throw .invalidPlugin(path, "has no table for its environment \(index); give one for each")
            }
            tables.append(try PluginTable(table.pointee, of: path))
        }
        let names = tables.map(\.name)
        guard Set(names).count == count else {
            throw .invalidPlugin(
                path,
                "has several environments of one name among "
                    + "\(names.joined(separator: ", ")); name each otherwise")
        }
        return tables
    }

    /// The environment of a name, or the only one.
    ///
    /// - Throws: ``EnvironmentError`` (`unknownEnvironment`) naming those that there are.
    func table(_ name: String?) throws(EnvironmentError) -> PluginTable {
        if name == nil, environments.count == 1 { return environments[0] }
        if let table = environments.first(where: { $0.name == name }) { return table }
        let names = environments.map(\.name)
        let remedy =
            name.map { NearestName.remedy(for: $0, among: names) } ?? "add one of \(names.joined(separator: ", "))."
        throw EnvironmentError(
            code: .unknownEnvironment,
            message: "The plug-in '\(path)' has "
                + (name.map { "no environment '\($0)'" } ?? "several environments and the id names none")
                + "; \(remedy)")
    }

    /// Checks that equal environments describe themselves equally: networks and replays are made for the first's shapes
    /// and used for all.
    ///
    /// - Parameter key: what must be equal: name and options.
    /// - Throws: ``EnvironmentError`` (`invalidPlugin`) when another one differed.
    func agree(_ specification: EnvironmentSpecification, for key: String) throws(EnvironmentError) {
        // Two ids may name the same file.
        var anonymous = specification
        anonymous.id = ""
        let agrees = lock.withLock {
            let first = specifications[key] ?? anonymous
            specifications[key] = first
            return first == anonymous
        }
        guard agrees else {
            throw .invalidPlugin(
                path,
                "describes equal environments differently (\(key)); "
                    + "describe all that are made with equal options alike")
        }
    }
}

/// The process's libraries by canonical path.
///
/// `@unchecked Sendable`: the table is touched only with `lock` held.
private final class Libraries: @unchecked Sendable {
    private let lock = Lock()
    private var libraries: [String: PluginLibrary] = [:]

    func find(
        _ path: String, _ load: () throws(EnvironmentError) -> PluginLibrary
    ) throws(EnvironmentError) -> PluginLibrary {
        try lock.withLock { () throws(EnvironmentError) in
            if let library = libraries[path] { return library }
            let library = try load()
            libraries[path] = library
            return library
        }
    }
}
