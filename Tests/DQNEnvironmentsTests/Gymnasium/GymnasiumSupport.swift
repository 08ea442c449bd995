import DQNEnvironments
import Foundation

/// The installed parts of Gymnasium.
enum Gymnasium {
    static let isInstalled = has("gymnasium")
    static let hasALE = isInstalled && has("ale_py")
    static let hasBox2D = isInstalled && has("Box2D")
    static let hasMinAtar = isInstalled && has("minatar")
    static let reason = "Gymnasium is not completely installed; Scripts/setup-gymnasium installs it"

    /// An environment of `Fixtures/gymnasium`.
    static func testing(_ name: String, seconds: Double = 30) throws -> GymnasiumEnvironment {
        try make("dqn_test_environments:\(name)-v0", seconds: seconds)
    }

    static func make(_ name: String, seconds: Double = 30) throws -> GymnasiumEnvironment {
        try GymnasiumEnvironment(EnvironmentID("gym:\(name)"), settings: settings(seconds: seconds))
    }

    /// The Python that environments find.
    static var python: String? { try? GymnasiumSettings().locatePython() }

    /// Settings with the modules of `Fixtures/gymnasium`.
    static func settings(python: String? = nil, seconds: Double = 30) -> GymnasiumSettings {
        GymnasiumSettings(
            python: python, pythonPath: [Fixtures.directory.appending(path: "gymnasium").path],
            stepTimeout: .seconds(seconds))
    }

    private static func has(_ module: String) -> Bool {
        guard let python else { return false }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", "import \(module)"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// Whether a process runs; a zombie does not.
func works(process: Int32) throws -> Bool {
    let listing = Process()
    listing.executableURL = URL(filePath: "/bin/ps")
    listing.arguments = ["-o", "stat=", "-p", "\(process)"]
    let output = Pipe()
    listing.standardOutput = output
    try listing.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    listing.waitUntilExit()
    return !text.isEmpty && !text.hasPrefix("Z")
}

/// Whether a process exists, including zombies.
func exists(process: Int32) -> Bool { kill(process, 0) == 0 || errno == EPERM }
