public import DQNModel
internal import DQNSupport
internal import Foundation

extension GymnasiumEnvironment {
    /// Which Python runs an environment, and how long it is waited for.
    public struct Options: Sendable, Equatable {
        /// The Python; `nil` takes ``choosePython(_:)``'s, then the environment variable `DQN_PYTHON`, then
        /// `.venv-gymnasium/bin/python` in a folder above the running program or in the current one.
        public var python: String?
        /// Seconds until the environment must have been made: imports can be slow.
        public var startSeconds: Double
        /// Seconds until a step, a reset or a snapshot must be done; `nil` takes ``chooseStepDeadline(seconds:)``'s, 30 otherwise.
        public var stepSeconds: Double?

        /// Creates options.
        public init(python: String? = nil, startSeconds: Double = 60, stepSeconds: Double? = nil) {
            self.python = python
            self.startSeconds = startSeconds
            self.stepSeconds = stepSeconds
        }
    }

    /// Chooses the Python of every environment that is made from now on, in this process.
    ///
    /// Call it before there are other threads: it sets `DQN_PYTHON`.
    public static func choosePython(_ path: String) { setenv(GymnasiumPython.variable, path, 1) }

    private static let lock = Lock()
    /// Read and written under `lock`.
    private nonisolated(unsafe) static var chosenStepSeconds = 30.0
    static var standardStepSeconds: Double { lock.withLock { chosenStepSeconds } }

    /// Chooses how long every environment that is made from now on, in this process, may take for a step, a reset or a
    /// snapshot.
    public static func chooseStepDeadline(seconds: Double) { lock.withLock { chosenStepSeconds = seconds } }

    /// The Python that an environment without one of its own would run in.
    ///
    /// - Throws: ``EnvironmentError`` (`pythonMissing`) when none was chosen and there is none to be found.
    public static func python() throws(EnvironmentError) -> String { try GymnasiumPython.find(nil) }
}

/// Finds the Python that has Gymnasium.
enum GymnasiumPython {
    static let variable = "DQN_PYTHON"
    /// What `Scripts/setup-gymnasium` makes.
    private static let ownPath = ".venv-gymnasium/bin/python"

    /// - Throws: ``EnvironmentError`` (`pythonMissing`) when none was chosen and there is none to be found.
    static func find(_ chosen: String?) throws(EnvironmentError) -> String {
        if let chosen { return chosen }
        if let path = getenv(variable).map({ String(cString: $0) }), !path.isEmpty { return path }
        for folder in folders {
            let path = folder.appendingPathComponent(ownPath).path
            if access(path, X_OK) == 0 { return path }
        }
        throw EnvironmentError(
            code: .pythonMissing,
            message: "There is no Python for Gymnasium (\(ownPath)); run Scripts/setup-gymnasium, or name one by "
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
