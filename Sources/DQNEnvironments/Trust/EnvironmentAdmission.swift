internal import DQNModel

/// Decides whether an environment may be created, creates it, and remembers what the user has named.
struct EnvironmentAdmission {
    private let id: EnvironmentID
    private let code: [BroughtCode]
    private let settings: GymnasiumSettings
    private var trust: EnvironmentTrust { settings.trust }

    init(_ id: EnvironmentID, _ settings: GymnasiumSettings) {
        self.id = id
        self.settings = settings
        let chosen = settings.trust.chosenOptions
        // The user has written these options now.
        code = id.broughtCode.filter { part in
            switch part {
            case .option(let key, _): !chosen.contains(key)
            case .wrapper, .unlistedWrapper: !chosen.contains("wrapper")
            case .library, .module, .environment: true
            }
        }
    }

    /// Creates a plug-in's or a Gymnasium environment.
    ///
    /// - Throws: ``EnvironmentError``: `notAllowed` if it brings code that is not allowed, before any of it is loaded.
    func make() throws(EnvironmentError) -> any Environment {
        if code.isEmpty { return try create(allowing: nil) }
        guard let memory = trust.memory else {
            if trust.word == .none { throw refusal(nil) }
            return try create(allowing: nil)
        }
        let subject = EnvironmentSubject(id, settings)
        if trust.word == .none {
            guard let known = memory.find(subject, ignoring: trust.chosenOptions) else { throw refusal(nil) }
            return try create(allowing: known, memory)
        }
        let environment = try create(allowing: nil)
        // The user's word without a name renews what was named before, such as a module that has been edited since.
        if trust.word == .named || memory.has(subject) {
            let files = environment.specification.loadedFiles
            memory.remember(subject, loading: files)
            // A plug-in's id may omit the name that files store.
            if let whole = try? EnvironmentID(environment.specification.id), whole != id {
                memory.remember(EnvironmentSubject(whole, settings), loading: files)
            }
            (environment as? GymnasiumEnvironment)?.onFirstReset = { memory.remember(subject, loading: $0) }
        }
        return environment
    }

    /// Creates an environment that may load exactly what the user has named before.
    private func create(
        allowing known: KnownEnvironment, _ memory: EnvironmentMemory
    ) throws(EnvironmentError) -> any Environment {
        var isLoaded = false
        if case .plugIn(let path) = id.kind {
            // An error of its own if the library is gone.
            isLoaded = PluginLibrary.isLoaded(try PluginLibrary.locate(path))
        }
        // The code of a loaded library stays what it is.
        if isLoaded { return try create(allowing: nil) }
        if let change = memory.change(since: known) { throw refusal(change) }
        let environment: any Environment
        do throws(EnvironmentError) { environment = try create(allowing: known.files) } catch {
            // The process has met something else than what the user has named.
            throw (error.underlying as? UnallowedFile).map { refusal($0.reason) } ?? error
        }
        guard id.kind != .gymnasium, let change = memory.change(since: known) else { return environment }
        throw EnvironmentError(
            code: .notAllowed,
            message:
                "The environment '\(id)' has been loaded while its files changed (\(change)), so code that you have "
                + "not allowed may have run; find out what has changed them.")
    }

    /// - Parameter files: the digests of the files that a Python process may load; `nil` if it may load any.
    private func create(allowing files: [String: String]?) throws(EnvironmentError) -> any Environment {
        switch id.kind {
        case .gymnasium:
            try GymnasiumEnvironment(id, settings: settings, guarding: files.map { .only($0) } ?? .nothing)
        case .plugIn: try PluginEnvironment(id)
        case .registered: preconditionFailure("'\(id)' brings no code")
        }
    }

    /// The error that says what would be loaded and how to allow it.
    ///
    /// - Parameter change: what differs from the environment that the user has named before.
    private func refusal(_ change: String?) -> EnvironmentError {
        let files = GymnasiumLocator.files(of: code.compactMap(\.module), settings)
        let parts = code.map { description(of: $0, files) }
        let list = parts.dropLast().joined(separator: ", ") + (parts.count > 1 ? " and " : "") + (parts.last ?? "")
        let reason =
            change.map { "but this is not what you have allowed before (\($0))" } ?? "which you have not allowed"
        return EnvironmentError(
            code: .notAllowed,
            message:
                "The environment '\(id)' would load \(list) and run its code with your rights, \(reason); if you "
                + "trust it, \(trust.remedy).")
    }

    private func description(of code: BroughtCode, _ files: [String: String]?) -> String {
        func place(_ module: String) -> String {
            guard let files else { return "" }
            return files[module].map { " (\($0))" } ?? " (which is not there now)"
        }
        switch code {
        case .library(let path):
            do throws(EnvironmentError) { return "the library '\(try PluginLibrary.locate(path))'" } catch {
                return "the library '\(path)' (which is not there now)"
            }
        case .module(let name): return "the Python module '\(name)'\(place(name))"
        case .environment(let name):
            let python = (try? settings.locatePython()).map { " of the Python '\($0)'" } ?? ""
            return "the package\(python) that registers '\(name)', which is none of Gymnasium's own environments,"
        case .wrapper(let module, let name):
            return "the Python module '\(module)'\(place(module)) of the wrapper '\(name)'"
        case .unlistedWrapper(let name): return "the wrapper '\(name)', which may load or write files,"
        case .option(let key, let value): return "what the option '\(key)=\(value)' names, if it names anything,"
        }
    }
}
