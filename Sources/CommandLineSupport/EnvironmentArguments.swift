package import ArgumentParser
internal import DQNCheckpoint
package import DQNEnvironments
internal import DQNSupport
internal import Foundation

/// The options of every program that creates an environment.
package struct EnvironmentArguments: ParsableArguments {
    /// What completes the id of an environment.
    package static var identifiers: CompletionKind { .list(EnvironmentRegistry.identifiers) }

    /// Returns a message if the id of an environment names none of this program; otherwise `nil`.
    package static func unknownNotice(_ id: String) -> String? {
        guard let id = try? EnvironmentID(id), !EnvironmentRegistry.recognizes(id) else { return nil }
        return
            "the environment '\(id)' is unknown to this program, which can therefore not play the policy without --env; "
            + "Gymnasium's environments are gym:NAME, such as gym:LunarLander-v3"
    }

    /// The environment's options, each in the form `key=value`.
    @Option(
        name: .customLong("env-set"),
        help: ArgumentHelp(
            "Set an environment option, such as frameskip=1. Repeatable.", valueName: "key=value"))
    package var settings: [String] = []
    @Option(
        help: ArgumentHelp(
            "Python interpreter for Gymnasium environments. (default: $DQN_PYTHON, then the repository's .venv-gymnasium, then $VIRTUAL_ENV)",
            valueName: "path"), completion: .file())
    var python: String?
    @Option(
        help: ArgumentHelp(
            "Directory with Python modules of your own, for Gymnasium environments. Repeatable. A run does not store it.",
            valueName: "dir"), completion: .directory)
    var pythonPath: [String] = []
    @Option(
        help: ArgumentHelp(
            "Time limit in seconds for a step, a reset or a snapshot of a Gymnasium environment; longer ones than 600 are also that of its start. (default: 30)",
            valueName: "seconds"))
    var envTimeout: Double?
    @Flag(
        help:
            "Let the environment of a file or run load its code: a plug-in, or Python modules other than Gymnasium's own. Naming it with --env does so too, and remembers it."
    )
    var trustEnvironment = false

    /// Creates options with default values.
    package init() {}

    /// Validates the options.
    package func validate() throws {
        if let envTimeout, !(envTimeout > 0 && envTimeout <= 1e6) {
            throw ValidationError(
                "--env-timeout \(envTimeout) is out of range; use a positive number of seconds up to 1000000.")
        }
    }

    /// How environments are run, with the Python, its modules and the time limit from the command line, and which may
    /// bring code.
    ///
    /// - Parameters:
    ///   - isNamed: whether the command line names the environment itself.
    ///   - mayName: whether it could.
    ///   - notice: receives sentences for the user about the environments that are remembered.
    /// - Throws: ``PathError`` for a directory of modules that does not exist.
    package func gymnasium(
        isNamed: Bool, mayName: Bool = true, notice: @escaping @Sendable (String) -> Void
    ) throws(PathError) -> GymnasiumSettings {
        var settings = GymnasiumSettings(python: python)
        let memory = EnvironmentMemory(digest: { try FileDigest.hexadecimal(of: $0) }, notice: notice)
        settings.trust = EnvironmentTrust(
            word: isNamed ? .named : trustEnvironment ? .given : .none, memory: memory)
        settings.trust.chosenOptions = Set(self.settings.map { String($0.prefix { $0 != "=" }) })
        settings.trust.remedy = "add --trust-environment" + (mayName ? ", or name it with --env" : "")
        for path in pythonPath {
            let folder = try fileURL(path, "--python-path").path
            let kind = FileKind(folder)
            guard kind == .directory else {
                let reason = kind == .missing ? "there is no directory '\(folder)'" : "'\(folder)' is \(kind.words)"
                throw PathError(
                    description: "--python-path: \(reason); name the directory that holds your modules.",
                    isInvalid: false)
            }
            settings.pythonPath.append(folder)
        }
        if let envTimeout {
            settings.stepTimeout = .seconds(envTimeout)
            settings.startTimeout = max(settings.startTimeout, settings.stepTimeout)
        }
        return settings
    }
}
