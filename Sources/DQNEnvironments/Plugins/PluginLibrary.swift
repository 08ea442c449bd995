internal import CDQNEnvironment
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A shared library with environments, loaded once per process and never unloaded: its tables, code and texts stay
/// valid.
///
/// Loading runs the library's code in this process, with the rights of this process.
///
/// `@unchecked Sendable`: the library's tables are copied and constant; `specifications` is only used with `lock` held.
final class PluginLibrary: @unchecked Sendable {
    /// The canonical path.
    let path: String
    /// Its environments, at least one, with different names.
    let environments: [PluginTable]
    /// The canonical paths of the files that loading it brought into the process, without the system's libraries.
    let files: [String]
    private let lock = Lock()
    private var specifications: [String: EnvironmentSpecification] = [:]

    private static let libraries = Libraries()

    /// Returns the library of a file, which the first call loads.
    ///
    /// Safe to call from any thread; other callers wait while a library loads.
    /// - Parameter path: the canonical path.
    /// - Throws: ``EnvironmentError`` (`invalidPlugin`) if it does not load or breaks the contract.
    static func open(_ path: String) throws(EnvironmentError) -> PluginLibrary {
        try libraries.find(path) { () throws(EnvironmentError) in try PluginLibrary(loading: path) }
    }

    /// Whether the library of a file is in this process already.
    static func isLoaded(_ path: String) -> Bool { libraries.has(path) }

    private init(loading path: String) throws(EnvironmentError) {
        self.path = path
        let before = LoadedObjects.files
        // RTLD_NOW: a missing symbol is found here, not during a run. RTLD_LOCAL: functions of the same name in
        // different plug-ins stay separate.
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let reason = dlerror().map { boundedText($0, limit: 500) } ?? "no reason given"
            throw .invalidPlugin(path, "cannot be loaded (\(reason)); build it as a shared library for this machine")
        }
        files = LoadedObjects.added(since: before, to: path)
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
                "offers nothing for version \(DQN_ENVIRONMENT_ABI_VERSION) of the interface; "
                    + "compile it with this version's dqn_environment.h")
        }
        // Versions differ in everything after this field.
        let version = offer.pointee.abi_version
        guard version == DQN_ENVIRONMENT_ABI_VERSION else {
            throw .invalidPlugin(
                path,
                "has version \(version) of the interface, but this program has version "
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
                throw .invalidPlugin(path, "has no table for its environment \(index); add one for each")
            }
            tables.append(try PluginTable(table.pointee, of: path))
        }
        let names = tables.map(\.name)
        guard Set(names).count == count else {
            throw .invalidPlugin(
                path,
                "has duplicate environment names: "
                    + "\(names.joined(separator: ", ")); use a different name for each")
        }
        return tables
    }

    /// Returns the environment with a name, or the only environment if the name is empty.
    ///
    /// - Throws: ``EnvironmentError`` (`unknownEnvironment`) naming those that exist.
    func table(_ name: String) throws(EnvironmentError) -> PluginTable {
        if name.isEmpty, environments.count == 1 { return environments[0] }
        if let table = environments.first(where: { $0.name == name }) { return table }
        let names = environments.map(\.name)
        let remedy =
            name.isEmpty
            ? "add one of \(names.joined(separator: ", "))." : NearestName.remedy(for: name, among: names)
        throw EnvironmentError(
            code: .unknownEnvironment,
            message: "The plug-in '\(path)' has "
                + (name.isEmpty ? "several environments, but the id has no name" : "no environment '\(name)'")
                + "; \(remedy)")
    }

    /// Checks that environments with equal options have equal descriptions: networks and replays have the shapes of the
    /// first one.
    ///
    /// - Parameter key: the name and the options.
    /// - Throws: ``EnvironmentError`` (`invalidPlugin`) if an earlier description was different.
    func agree(_ specification: EnvironmentSpecification, for key: String) throws(EnvironmentError) {
        // Several ids may name the same file.
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
                "describes \(key) differently than before; "
                    + "equal options must give equal descriptions")
        }
    }
}

/// The process's libraries by canonical path.
///
/// `@unchecked Sendable`: the table is only used with `lock` held.
private final class Libraries: @unchecked Sendable {
    private let lock = Lock()
    private var libraries: [String: PluginLibrary] = [:]

    func has(_ path: String) -> Bool { lock.withLock { libraries[path] != nil } }

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
