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
    /// Agent steps of the run: the length of the schedules unless an assignment or a flag sets it.
    public var steps: Int?
    /// A JSON file with keys of the configuration, or a run's `config.json`.
    public var file: URL?
    /// Assignments `key=value`.
    public var assignments: [String] = []
    /// Values of flags, by key.
    public var flags: [String: JSONValue] = [:]
    /// The checkpoint that a new run starts from; its settings win over the preset, and the file over them.
    package var origin: Origin?

    /// Creates an empty request.
    public init() {}

    /// Returns the whole configuration.
    ///
    /// Creates the environment to read its specification, and resets it if the preset centres its pictures; this may start
    /// a process.
    /// - Parameters:
    ///   - gymnasium: how a Gymnasium environment is run; it is not part of the configuration.
    ///   - trust: whether the environment may bring code, such as the library of a plug-in.
    /// - Throws: `TrainingError`: `invalidConfiguration` or `missingFile` with the key, value, preset or file;
    ///   `underlyingFailure` if the environment is unknown or cannot be created.
    public func resolve(
        gymnasium: GymnasiumSettings = GymnasiumSettings(), trust: EnvironmentTrust = .withoutCode
    ) throws(TrainingError) -> TrainingConfiguration {
        try resolution(gymnasium: gymnasium.trusting(trust)).configuration
    }

    /// A configuration, and what its user should know about it.
    package struct Resolution: Sendable {
        /// The whole configuration.
        package var configuration: TrainingConfiguration
        /// Sentences about requested settings that do not apply or have no effect.
        package var notices: [String]
    }

    /// Returns the whole configuration with notices; see ``resolve(gymnasium:trust:)``.
    package func resolution(
        gymnasium: GymnasiumSettings = GymnasiumSettings()
    ) throws(TrainingError) -> Resolution {
        do { return try resolve(document: readFile(), gymnasium) } catch { throw TrainingError(wrapping: error) }
    }

    private func resolve(document: JSONValue?, _ gymnasium: GymnasiumSettings) throws -> Resolution {
        let source = origin?.settings
        guard let named = environment ?? document?["environment"]?.stringValue ?? source?["environment"]?.stringValue
        else {
            throw TrainingError(
                code: .invalidConfiguration, message: "No environment is given; use --env ID, as in --env CartPole-v1.")
        }
        let requested = try EnvironmentID(named)
        let presetName = preset ?? document?["preset"]?.stringValue ?? source?["preset"]?.stringValue
        let preset = try presetName.map(Preset.named) ?? .standard(for: requested)
        let methodName =
            method ?? document?["method"]?.stringValue ?? source?["method"]?.stringValue
            ?? TrainingConfiguration().method
        let (id, instance) = try EnvironmentRegistry.resolve(preset.identifier(requested), gymnasium: gymnasium)
        let method = try TrainingMethods.named(methodName)
        var configuration = try preset.configuration(for: instance.specification, method: method)
        let defaultNetwork = configuration.network
        var (layers, removed, explicit) = try layers(document, of: method)
        let environment = id.text(in: instance.specification)
        func isSame(_ text: String) throws -> Bool {
            let stored = try preset.identifier(EnvironmentID(text))
            return try stored == id || stored == preset.identifier(requested) || stored.description == environment
        }
        if let file = document?["environment"]?.stringValue, self.environment != nil {
            if try !isSame(file) {
                removed.append(
                    Removed(
                        settings: layers[0].remove { ConfigurationKey.ofEnvironment.contains($0) },
                        file: "environment '\(file)'", run: "'\(environment)'"))
            }
        }
        let horizonNotice = try setHorizon(of: &configuration, below: &layers)
        if let origin {
            let isSameEnvironment = try (source?["environment"]?.stringValue).map(isSame) ?? true
            let (layer, left) = try origin.layer(
                method: method.name, preset: preset.rawValue, isSameEnvironment: isSameEnvironment,
                hasSteps: steps != nil)
            layers.insert(layer, at: 0)
            removed += left
        }
        try configuration.apply(layers)
        // Set last: a file may name the environment without the options that its preset needs.
        try configuration.set("environment", to: .string(environment))
        try configuration.set("preset", to: .string(preset.rawValue))
        try configuration.set("method", to: .string(method.name))
        let wrappers = try WrapperList(configuration.wrappers)
        configuration.wrappers = wrappers.texts
        try configuration.validateConstants()
        let wrappedInstance = try wrappers.wrap(instance, for: .training)
        let wrapped = wrappedInstance.specification
        // Observations with a scale of their own are no screens.
        if configuration.inputScale == nil, !layers.contains(where: { $0.values["input_offset"] != nil }) {
            configuration.inputOffset = try preset.inputOffset(for: wrappedInstance)
        }
        if !layers.contains(where: { $0.values["network"] != nil }) {
            try preset.requireFit(of: defaultNetwork, in: configuration, for: wrapped)
        }
        try configuration.validate(for: wrapped)
        return Resolution(
            configuration: configuration,
            notices: removed.compactMap { $0.notice(configuration) } + [horizonNotice].compactMap(\.self)
                + configuration.notices(on: Set(explicit)))
    }

    /// Returns the layers above the preset, lowest first: the file, if there is one, then assignments and flags.
    ///
    /// A file's settings that belong to another method than the run's are left out.
    private func layers(
        _ document: JSONValue?, of method: any TrainingMethod
    ) throws(TrainingError) -> (layers: [ConfigurationLayer], removed: [Removed], explicit: [String]) {
        for assignment in assignments { try Self.requireOverridable(assignment) }
        let request = try ConfigurationLayer(assignments: assignments, flags: flags)
        var explicit = Array(request.values.keys)
        guard let document else { return ([request], [], explicit) }
        var file = try ConfigurationLayer(file: document)
        guard let named = file.values["method"]?.stringValue else {
            return ([file, request], [], explicit + file.values.keys)
        }
        guard named != method.name else { return ([file, request], [], explicit) }
        let settings = file.remove { !ConfigurationKey.independentOfMethod.contains($0) }
        explicit += file.values.keys
        let removed = Removed(
            settings: settings.filter { $0.key != "method" }, file: "method '\(named)'", run: "'\(method.name)'")
        return ([file, request], [removed], explicit)
    }

    /// Takes the run's steps, if they are given, as the length of the schedules instead of a file's, unless an assignment
    /// or a flag sets it. Returns a message if a file has another length.
    private func setHorizon(
        of configuration: inout TrainingConfiguration, below layers: inout [ConfigurationLayer]
    ) throws(TrainingError) -> String? {
        let key = "schedule_steps"
        guard let steps, layers.last?.values[key] == nil else { return nil }
        do throws(TrainingError) { try configuration.set(key, to: .integer(Int64(steps))) } catch {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "--steps \(steps) is out of range for the schedules (\(error.message.dropLast())); set their "
                    + "length with --schedule-steps, or take fewer steps.")
        }
        // The file's layer is below that of assignments and flags.
        guard layers.count > 1, let stored = layers[0].remove(where: { $0 == key })[key],
            stored.doubleValue != Double(steps)
        else { return nil }
        let text = stored.integerValue.map(String.init) ?? "\(stored)"
        return "\(key) is \(steps), the number of --steps, and not \(text) as in the configuration file; "
            + "--schedule-steps \(text) keeps that"
    }

    /// Settings of a file that do not apply, because the file is for another method or environment than the run.
    struct Removed {
        var source = "configuration file"
        var settings: [String: JSONValue]
        var file: String
        var run: String

        /// Names those that differ from the run's settings; `nil` if none does.
        func notice(_ configuration: TrainingConfiguration) -> String? {
            let names = settings.keys.sorted().filter { name in
                var changed = configuration
                do throws(TrainingError) { try changed.set(name, to: settings[name] ?? .null) } catch { return true }
                return changed != configuration
            }
            guard !names.isEmpty else { return nil }
            return "the \(source) is for the \(file), so these settings of it do not apply to \(run): "
                + names.joined(separator: ", ")
        }
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
            let document = try JSONText.value(of: Array(Data(contentsOf: file)), valueLimit: 1 << 20)
            return document["configuration"] ?? document
        } catch {
            throw TrainingError(
                code: FileManager.default.fileExists(atPath: file.path) ? .invalidConfiguration : .missingFile,
                message: "The configuration file '\(file.path)' cannot be read as JSON (\(systemReason(error))).",
                underlying: error)
        }
    }
}
