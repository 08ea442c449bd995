public import DQNEnvironments
public import DQNLearning
public import DQNModel
internal import DQNSupport
public import Foundation

/// The settings that a user requests; they determine a whole configuration.
///
/// Flags win over assignments (`--set`), which win over the file (`--config`), which wins over the preset.
public struct ConfigurationRequest: Sendable {
    /// The preset's name; `nil` uses the file's preset, or without one `atari` for Atari games and `default` for
    /// everything else.
    public var preset: String?
    /// The training method's name; `nil` uses the file's method, or without one `dqn`.
    public var method: String?
    /// The environment's id; `nil` takes the file's.
    public var environment: String?
    /// Agent steps of the run: the length of the schedules unless another source sets it.
    public var steps: Int?
    /// A JSON file with keys of the configuration, or a run's `config.json`.
    public var file: URL?
    /// Assignments `key=value`.
    public var assignments: [String] = []
    /// Values of flags, by key.
    public var flags: [String: JSONValue] = [:]

    /// Creates an empty request.
    public init() {}

    /// Returns the whole configuration.
    ///
    /// Creates the environment to read its specification; this may start a process.
    /// - Parameter gymnasium: how a Gymnasium environment is run; it is not part of the configuration.
    /// - Throws: ``TrainingError``: `invalidConfiguration` or `missingFile` with the key, value, preset or file;
    ///   `underlyingFailure` if the environment is unknown or cannot be created.
    public func resolve(
        gymnasium: GymnasiumSettings = GymnasiumSettings()
    ) throws(TrainingError) -> TrainingConfiguration {
        do { return try resolve(document: readFile(), gymnasium) } catch { throw TrainingError(wrapping: error) }
    }

    private func resolve(document: JSONValue?, _ gymnasium: GymnasiumSettings) throws -> TrainingConfiguration {
        guard let named = environment ?? document?["environment"]?.stringValue else {
            throw TrainingError(
                code: .invalidConfiguration, message: "No environment is given; use --env ID, as in --env CartPole-v1.")
        }
        let requested = try EnvironmentID(named)
        let presetName = preset ?? document?["preset"]?.stringValue
        let preset = try presetName.map(Preset.named) ?? .standard(for: requested)
        let methodName = method ?? document?["method"]?.stringValue ?? TrainingConfiguration().method
        let (id, instance) = try EnvironmentRegistry.resolve(preset.identifier(requested), gymnasium: gymnasium)
        let method = try TrainingMethods.named(methodName)
        var configuration = try preset.configuration(for: instance.specification, method: method)
        let defaultNetwork = configuration.network
        try applyOverrides(to: &configuration, document)
        // Set last: a file may name the environment without the options that its preset needs.
        try configuration.set("environment", to: .string(id.text(in: instance.specification)))
        try configuration.set("preset", to: .string(preset.rawValue))
        try configuration.set("method", to: .string(method.name))
        let wrappers = try WrapperList(configuration.wrappers)
        configuration.wrappers = wrappers.texts
        let wrapped = try wrappers.wrap(instance, for: .training).specification
        if !namesNetwork(document) { try preset.requireFit(of: defaultNetwork, in: configuration, for: wrapped) }
        try configuration.validate(for: wrapped)
        return configuration
    }

    /// Applies steps, file, assignments and flags, in this order.
    private func applyOverrides(
        to configuration: inout TrainingConfiguration, _ document: JSONValue?
    ) throws(TrainingError) {
        if let steps { try configuration.set("schedule_steps", to: .integer(Int64(steps))) }
        if let document { try configuration.merge(document) }
        for assignment in assignments {
            try Self.requireOverridable(assignment)
            try configuration.set(assignment)
        }
        for (key, value) in flags.sorted(by: { $0.key < $1.key }) { try configuration.set(key, to: value) }
    }

    /// Refuses assignments to keys that determine the defaults of all other keys.
    private static func requireOverridable(_ assignment: String) throws(TrainingError) {
        let flags = [("environment", "--env"), ("preset", "--preset"), ("method", "--method")]
        guard let (_, flag) = flags.first(where: { assignment.hasPrefix("\($0.0)=") }) else { return }
        throw TrainingError(
            code: .invalidConfiguration, message: "'--set \(assignment)' is applied too late; use \(flag).")
    }

    private func readFile() throws(TrainingError) -> JSONValue? {
        guard let file else { return nil }
        do {
            let document = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file))
            return document["configuration"] ?? document
        } catch {
            throw TrainingError(
                code: FileManager.default.fileExists(atPath: file.path) ? .invalidConfiguration : .missingFile,
                message: "The configuration file '\(file.path)' cannot be read as JSON (\(systemReason(error))).",
                underlying: error)
        }
    }
}
