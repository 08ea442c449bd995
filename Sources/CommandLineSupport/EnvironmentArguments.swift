package import ArgumentParser
package import DQNEnvironments

/// The options of every program that creates an environment.
package struct EnvironmentArguments: ParsableArguments {
    /// The environment's options, each in the form `key=value`.
    @Option(
        name: .customLong("env-set"),
        help: ArgumentHelp(
            "Set an environment option, such as frameskip=1. Repeatable.", valueName: "key=value"))
    package var settings: [String] = []
    @Option(
        help: ArgumentHelp(
            "Python interpreter for Gymnasium environments. (default: $DQN_PYTHON, then .venv-gymnasium)",
            valueName: "path"))
    var python: String?
    @Option(
        help: ArgumentHelp(
            "Time limit in seconds for a step, a reset or a snapshot of a Gymnasium environment; longer ones than 600 are also that of its start. (default: 30)",
            valueName: "seconds"))
    var envTimeout: Double?

    /// Creates options with default values.
    package init() {}

    /// Validates the options.
    package func validate() throws {
        if let envTimeout, !(envTimeout > 0 && envTimeout <= 1e6) {
            throw ValidationError(
                "--env-timeout \(envTimeout) is out of range; use a positive number of seconds up to 1000000.")
        }
    }

    /// How Gymnasium environments are run, with the Python and the time limit from the command line.
    package var gymnasium: GymnasiumSettings {
        var settings = GymnasiumSettings(python: python)
        if let envTimeout {
            settings.stepTimeout = .seconds(envTimeout)
            settings.startTimeout = max(settings.startTimeout, settings.stepTimeout)
        }
        return settings
    }
}
