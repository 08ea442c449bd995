public import DQNModel
internal import DQNSupport
internal import Foundation

extension TrainingConfiguration {
    /// The configuration as a JSON object with every key.
    public var json: JSONValue {
        .object(Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.name, $0.read(self)) }))
    }

    /// Reads a stored configuration, which must have every key of the release that wrote it.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) naming the key that is missing, unknown or out of range.
    public init(json: JSONValue) throws(TrainingError) {
        self.init()
        guard case .object(let members) = json else { throw Self.notAnObject }
        // Groups that were added after this file was written.
        let unknown = ConfigurationKey.additions.filter { $0.allSatisfy { members[$0] == nil } }
        for key in ConfigurationKey.all where members[key.name] == nil {
            if unknown.contains(where: { $0.contains(key.name) }) || ConfigurationKey.addedSince2_0.contains(key.name) {
                continue
            }
            throw TrainingError(
                code: .invalidConfiguration,
                message: "The stored configuration is incomplete: the key '\(key.name)' is missing."
            )
        }
        try merge(json)
    }

    /// Sets the keys of a JSON object, such as a configuration file.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`); see ``set(_:to:)``.
    package mutating func merge(_ json: JSONValue) throws(TrainingError) {
        guard case .object(let members) = json else { throw Self.notAnObject }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) { try set(name, to: value) }
    }

    /// Sets one key.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) for an unknown key, with the nearest key, and for an
    ///   invalid value, with the allowed values.
    public mutating func set(_ name: String, to value: JSONValue) throws(TrainingError) {
        guard let key = ConfigurationKey.all.first(where: { $0.name == name }) else {
            let remedy = NearestName.remedy(for: name, among: ConfigurationKey.all.map(\.name))
            throw TrainingError(
                code: .invalidConfiguration, message: "Unknown configuration key '\(name)'; \(remedy)")
        }
        guard key.write(&self, value) else {
            let text = (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
            throw TrainingError(
                code: .invalidConfiguration, message: "Invalid value \(text) for '\(name)'; allowed: \(key.allowed).")
        }
    }

    /// Sets one key from the text `key=value`. A value that is not JSON is a plain string.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if there is no `=`; see also ``set(_:to:)``.
    package mutating func set(_ assignment: String) throws(TrainingError) {
        guard let equals = assignment.firstIndex(of: "=") else {
            throw TrainingError(
                code: .invalidConfiguration, message: "'--set \(assignment)' has no value; write --set key=value.")
        }
        let text = assignment[assignment.index(after: equals)...]
        let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        try set(String(assignment[..<equals]), to: value ?? .string(String(text)))
    }

    private static var notAnObject: TrainingError {
        TrainingError(code: .invalidConfiguration, message: "A configuration must be a JSON object of keys and values.")
    }
}
