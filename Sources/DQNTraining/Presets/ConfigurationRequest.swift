public import DQNEnvironments
public import DQNLearning
public import DQNModel
internal import DQNSupport
public import Foundation

/// What a user asked for, from which a whole configuration follows: flags win over assignments (`--set`), these over
/// the file (`--config`), and that over the preset.
public struct ConfigurationRequest: Sendable {
    /// The preset's name; `nil` takes the file's, then `atari` for Atari's games and `default` for all else.
    public var preset: String?
    /// The training method's name; `nil` takes the file's, then `dqn`.
    public var method: String?
    /// The environment's id; `nil` takes the file's.
    public var environment: String?
    /// Agent steps of the run: the schedule's length where nothing else says one.
    public var steps: Int?
    /// A JSON file with keys of the configuration, or a run's `config.json`.
    public var file: URL?
    /// Assignments `key=value`.
    public var assignments: [String] = []
    /// Values given by flags of their own, by key.
    public var flags: [String: JSONValue] = [:]

    /// Creates an empty request.
    public init() {}

    /// The whole configuration.
    ///
    /// - Parameter gymnasium: how an environment of Gymnasium is run; it is not part of the configuration.
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the key, value, preset or file at fault;
    ///   `EnvironmentError` for an unknown environment.
    public func resolve(gymnasium: GymnasiumSettings = GymnasiumSettings()) throws -> TrainingConfiguration {
        let document = try readFile()
        guard let named = environment ?? document?["environment"]?.stringValue else {
            throw TrainingError(
                code: .invalidConfiguration, message: "No environment is named; use --env ID, as in --env CartPole-v1.")
        }
        let requested = try EnvironmentID(named)
        let preset = try (preset ?? document?["preset"]?.stringValue).map(Preset.named) ?? .standard(for: requested)
        let id = try preset.identifier(requested)
        let made = try EnvironmentRegistry.make(id, gymnasium: gymnasium)
        let specification = made.specification
        let method = try TrainingMethods.named(
            method ?? document?["method"]?.stringValue ?? TrainingConfiguration().method)
        var configuration = try preset.configuration(for: specification, method: method)
        if let steps { try configuration.set("schedule_steps", to: .integer(Int64(steps))) }
        if let document { try configuration.merge(document) }
        for assignment in assignments {
            // These decide which settings all others start from.
            let first = [("environment", "--env"), ("preset", "--preset"), ("method", "--method")]
            for (key, flag) in first where assignment.hasPrefix("\(key)=") {
                throw TrainingError(
                    code: .invalidConfiguration, message: "'--set \(assignment)' comes too late; use \(flag).")
            }
            try configuration.set(assignment)
        }
        for (key, value) in flags.sorted(by: { $0.key < $1.key }) { try configuration.set(key, to: value) }
        // After all else: a file may name the environment without the options that its preset needs.
        try configuration.set("environment", to: .string(id.text(in: specification)))
        try configuration.set("preset", to: .string(preset.rawValue))
        try configuration.set("method", to: .string(method.name))
        let wrappers = try WrapperList(configuration.wrappers)
        configuration.wrappers = wrappers.texts
        try configuration.validate(for: wrappers.wrap(made, for: .training).specification)
        return configuration
    }

    private func readFile() throws(TrainingError) -> JSONValue? {
        guard let file else { return nil }
        do {
            let document = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file))
            return document["configuration"] ?? document
        } catch {
            throw TrainingError(
                code: FileManager.default.fileExists(atPath: file.path) ? .invalidConfiguration : .missingFile,
                message:
                    "The configuration file '\(file.path)' cannot be read as JSON (\(systemReason(error))).",
                underlying: error)
        }
    }
}
