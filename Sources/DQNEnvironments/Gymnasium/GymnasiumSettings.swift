internal import DQNModel
internal import DQNSupport
internal import Foundation

/// How Gymnasium environments are run: the Python and its time limits.
///
/// None of it is part of a run's configuration or of a checkpoint.
public struct GymnasiumSettings: Sendable, Equatable {
    /// The path of the Python; `nil` uses the environment variable `DQN_PYTHON`, then `.venv-gymnasium/bin/python` of the
    /// repository in which the running program was built, then the active virtual environment (`VIRTUAL_ENV`).
    public var python: String?
    /// The absolute paths of directories with Python modules of the user's own.
    package var pythonPath: [String]
    /// The time limit for creating an environment: imports can take minutes.
    public var startTimeout: Duration
    /// The time limit for one step, reset or snapshot.
    public var stepTimeout: Duration
    /// Which environments may bring code, plug-ins too: it travels with the settings to wherever environments are made.
    package var trust = EnvironmentTrust.withoutCode

    /// Creates settings.
    ///
    /// - Parameter python: the path of a Python interpreter; `nil` searches for one.
    /// - Parameter pythonPath: the absolute paths of directories with Python modules of your own. The process imports
    ///   modules from these, from the standard library and from the Python's installed packages only.
    /// - Parameter startTimeout: the time limit for creating an environment.
    /// - Parameter stepTimeout: the time limit for one step, reset or snapshot.
    public init(
        python: String? = nil, pythonPath: [String] = [], startTimeout: Duration = .seconds(600),
        stepTimeout: Duration = .seconds(30)
    ) {
        self.python = python
        self.pythonPath = pythonPath
        self.startTimeout = startTimeout
        self.stepTimeout = stepTimeout
    }

    /// The path of the Python that runs the environments.
    ///
    /// - Throws: ``EnvironmentError`` (`pythonMissing`) if none is chosen and none is found.
    package func locatePython() throws(EnvironmentError) -> String {
        try GymnasiumPython.find(python)
    }

    /// Checks the directories of ``pythonPath``: a relative one would be a directory in which one merely stands.
    ///
    /// - Throws: ``EnvironmentError`` (`pythonMissing`).
    func requirePythonPath() throws(EnvironmentError) {
        for folder in pythonPath {
            let kind = FileKind(folder)
            if folder.hasPrefix("/"), kind == .directory { continue }
            let reason = folder.hasPrefix("/") ? "is \(kind.words), not a directory" : "is not an absolute path"
            throw EnvironmentError(
                code: .pythonMissing,
                message: "The entry '\(folder)' of the Python path \(reason); name a directory with --python-path DIR.")
        }
    }
}

/// Finds the Python that has Gymnasium.
enum GymnasiumPython {
    /// The environment variable that names a Python.
    static let variable = "DQN_PYTHON"
    /// Read once.
    private static let chosenByUser = ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    /// The folder of the virtual environment that the user has activated.
    private static let activeEnvironment = ProcessInfo.processInfo.environment["VIRTUAL_ENV"]
    /// The Python that `Scripts/setup-gymnasium` installs.
    private static let ownPath = ".venv-gymnasium/bin/python"

    /// Returns the chosen Python, or the first one found.
    ///
    /// Never one below the current directory: somebody else may have written it.
    /// - Throws: ``EnvironmentError`` (`pythonMissing`).
    static func find(_ chosen: String?) throws(EnvironmentError) -> String {
        if let path = chosen.flatMap({ $0.isEmpty ? nil : $0 }) ?? chosenByUser { return path }
        if let path = own { return path }
        if let folder = activeEnvironment, folder.hasPrefix("/") {
            let path = "\(folder)/bin/python"
            if access(path, X_OK) == 0 { return path }
        }
        let isHere = access(ownPath, X_OK) == 0
        throw EnvironmentError(
            code: .pythonMissing,
            message: "No Python for Gymnasium found; run Scripts/setup-gymnasium, name one with --python PATH or "
                + "\(variable), or activate a virtual environment that has it"
                + (isHere ? ". \(ownPath) of the current directory is not used unless it is named so." : "."))
    }

    /// The Python of the repository in which the running program was built, `.build/…` below it.
    ///
    /// Folders that others can write to do not count: anybody could put a Python there.
    private static let own: String? = {
        let linux = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var program = linux.path.hasPrefix("/proc/") ? Bundle.main.executableURL : linux
        while let folder = program?.deletingLastPathComponent(), folder.path != program?.path {
            program = folder
            let path = folder.appendingPathComponent(ownPath).path
            let manifest = folder.appendingPathComponent("Package.swift").path
            if access(path, X_OK) == 0, FileKind(manifest) == .file, isPrivate(folder.path) { return path }
        }
        return nil
    }()

    /// Whether only this user and the administrator can write to a folder.
    static func isPrivate(_ folder: String) -> Bool {
        var status = stat()
        guard stat(folder, &status) == 0 else { return false }
        return status.st_mode & S_IWOTH == 0 && (status.st_uid == 0 || status.st_uid == geteuid())
    }
}
