public import ArgumentParser
internal import DQNEnvironments

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

    /// Takes the defaults; the parser fills in what was given.
    public init() {}

    /// Has environments of Gymnasium's run in the Python that was named, if one was: before the first is made.
    public func choosePython() {
        if let python { GymnasiumEnvironment.choosePython(python) }
    }
}
