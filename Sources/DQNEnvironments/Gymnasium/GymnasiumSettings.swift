internal import DQNModel
internal import Foundation

/// How Gymnasium environments are run: the Python and its time limits.
///
/// None of it is part of a run's configuration or of a checkpoint.
public struct GymnasiumSettings: Sendable, Equatable {
    /// The path of the Python; `nil` uses the environment variable `DQN_PYTHON`, then `.venv-gymnasium/bin/python` in a
    /// folder above the running program or in the current one.
    public var python: String?
    /// The time limit for creating an environment: imports can take minutes.
    public var startTimeout: Duration
    /// The time limit for one step, reset or snapshot.
    public var stepTimeout: Duration
    /// Which environments may bring code, plug-ins too: it travels with the settings to wherever environments are made.
    package var trust = EnvironmentTrust.withoutCode

    /// Creates settings.
    public init(
        python: String? = nil, startTimeout: Duration = .seconds(600), stepTimeout: Duration = .seconds(30)
    ) {
        self.python = python
        self.startTimeout = startTimeout
        self.stepTimeout = stepTimeout
    }

    /// The path of the Python that runs the environments.
    ///
    /// - Throws: ``EnvironmentError`` (`pythonMissing`) if none is chosen and none is found.
    package func locatePython() throws(EnvironmentError) -> String {
        try GymnasiumPython.find(python)
    }
}

/// Finds the Python that has Gymnasium.
enum GymnasiumPython {
    /// The environment variable that names a Python.
    static let variable = "DQN_PYTHON"
    /// Read once.
    private static let chosenByUser = ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    /// The Python that `Scripts/setup-gymnasium` installs.
    private static let ownPath = ".venv-gymnasium/bin/python"

    /// Returns the chosen Python, or the first one found.
    ///
    /// - Throws: ``EnvironmentError`` (`pythonMissing`).
    static func find(_ chosen: String?) throws(EnvironmentError) -> String {
        if let path = chosen.flatMap({ $0.isEmpty ? nil : $0 }) ?? chosenByUser { return path }
        for folder in folders {
            let path = folder.appendingPathComponent(ownPath).path
            if access(path, X_OK) == 0 { return path }
        }
        throw EnvironmentError(
            code: .pythonMissing,
            message: "No Python for Gymnasium found (\(ownPath)); run Scripts/setup-gymnasium, or name one with "
                + "--python PATH or \(variable).")
    }

    /// The folders above the running program, which lies in `.build` of the repository, and the current one.
    private static var folders: [URL] {
        let linux = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var program = linux.path.hasPrefix("/proc/") ? Bundle.main.executableURL : linux
        var found: [URL] = []
        while let folder = program?.deletingLastPathComponent(), folder.path != program?.path {
            found.append(folder)
            program = folder
        }
        return found + [URL(fileURLWithPath: FileManager.default.currentDirectoryPath)]
    }
}
