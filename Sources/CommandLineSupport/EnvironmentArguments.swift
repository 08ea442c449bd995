public import ArgumentParser
package import DQNEnvironments

/// The options of every program that makes an environment, beside its id.
public struct EnvironmentArguments: ParsableArguments {
    /// The environment's options, each as `key=value`.
    @Option(
        name: .customLong("env-set"),
        help: ArgumentHelp(
            "Pass the environment an option, once or several times: --env-set frameskip=1.", valueName: "key=value"))
    public var settings: [String] = []
    @Option(
        help: ArgumentHelp(
            "The Python that runs Gymnasium's environments (default: DQN_PYTHON, then .venv-gymnasium).",
            valueName: "path"))
    var python: String?
    @Option(
        help: ArgumentHelp(
            "Seconds that a Gymnasium environment may take for a step, a reset or a snapshot (default: 30).",
            valueName: "seconds"))
    var envTimeout: Double?

    /// Takes the defaults; the parser fills in what was given.
    public init() {}

    /// Checks what was given.
    public func validate() throws {
        if let envTimeout, !(envTimeout > 0 && envTimeout <= 1e6) {
            throw ValidationError("--env-timeout \(envTimeout) is out of range; use seconds up to 1000000.")
        }
    }

    /// How environments of Gymnasium are run, with the Python and the time limit of the command line.
    package var gymnasium: GymnasiumSettings {
        var settings = GymnasiumSettings(python: python)
        if let envTimeout { settings.stepTimeout = .seconds(envTimeout) }
        return settings
    }
}
