package import DQNModel
internal import DQNNetwork
internal import Foundation

/// The settings of one source, such as a file or a command line, which override those of the sources below it.
package struct ConfigurationLayer: Sendable {
    /// The settings by key.
    package private(set) var values: [String: JSONValue]
    /// Whether a file may have stored them, also values that a new run may not have.
    private let isStored: Bool

    /// Creates a layer from a configuration file.
    ///
    /// If the file has every setting of an older release, as the `config.json` of a run does, the settings that were added
    /// since have the values of ``TrainingConfiguration/init()``: what that release did.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) for a document that is not an object, and for an unknown
    ///   key or an invalid value, as ``TrainingConfiguration/set(_:to:)``.
    package init(file document: JSONValue) throws(TrainingError) {
        guard case .object(let members) = document else { throw TrainingConfiguration.notAnObject }
        values = members
        isStored = true
        let added = ConfigurationKey.additions.reduce(ConfigurationKey.addedSince2_0) { $0.union($1) }
        let missing = ConfigurationKey.all.filter { members[$0.name] == nil }
        if missing.allSatisfy({ added.contains($0.name) }) {
            for key in missing { values[key.name] = key.read(TrainingConfiguration()) }
        }
        try validate()
    }

    /// Creates a layer from assignments `key=value`, of which later ones win, and from flags, which override them.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`), as ``TrainingConfiguration/set(_:to:)``.
    package init(assignments: [String], flags: [String: JSONValue]) throws(TrainingError) {
        values = [:]
        isStored = false
        for assignment in assignments {
            let (name, value) = try Self.parse(assignment)
            values[name] = value
            try validate()
        }
        values.merge(flags) { $1 }
        try validate()
    }

    /// Removes settings, and returns them.
    package mutating func remove(where isRemoved: (String) -> Bool) -> [String: JSONValue] {
        let removed = values.filter { isRemoved($0.key) }
        for name in removed.keys { values[name] = nil }
        return removed
    }

    /// Splits `key=value`. A value that is not JSON is a plain string.
    static func parse(_ assignment: String) throws(TrainingError) -> (name: String, value: JSONValue) {
        guard let equals = assignment.firstIndex(of: "=") else {
            throw TrainingError(
                code: .invalidConfiguration, message: "'--set \(assignment)' has no value; write --set key=value.")
        }
        let text = assignment[assignment.index(after: equals)...]
        let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        return (String(assignment[..<equals]), value ?? .string(String(text)))
    }

    private func validate() throws(TrainingError) {
        var scratch = TrainingConfiguration()
        for name in values.keys.sorted() { try write(name, to: &scratch) }
    }

    private func write(_ name: String, to configuration: inout TrainingConfiguration) throws(TrainingError) {
        guard let value = values[name] else { return }
        let key = try ConfigurationKey.named(name)
        let write = isStored ? key.load ?? key.write : key.write
        guard write(&configuration, value) else { throw key.rejection(of: value) }
    }

    /// The optimiser that this layer names.
    fileprivate var optimizer: OptimizerConfiguration.Kind? {
        values["optimizer"]?.stringValue.flatMap(OptimizerConfiguration.Kind.init)
    }

    /// Sets the keys of this layer except those that `isRemoved` holds back.
    fileprivate func apply(
        to configuration: inout TrainingConfiguration, except isRemoved: (String) -> Bool
    ) throws(TrainingError) {
        for name in values.keys.sorted() where !isRemoved(name) { try write(name, to: &configuration) }
    }
}

extension TrainingConfiguration {
    /// Overrides the settings of a preset, which this configuration has, with those of layers, lowest first.
    ///
    /// The order of the keys within a layer does not matter:
    /// - The optimiser of the highest layer that names one is in force. If the preset has another, the constants of the
    ///   preset and of layers for another optimiser do not apply; constants that no layer sets have the optimiser's own
    ///   defaults.
    /// - A layer that sets `munchausen` without `double` turns Double DQN off.
    /// - A layer that sets `target_interval` alone means refreshes that copy, whatever rate the preset has.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) for an invalid key or value.
    package mutating func apply(_ layers: [ConfigurationLayer]) throws(TrainingError) {
        let kind = layers.last { $0.optimizer != nil }?.optimizer ?? optimizer.kind
        // The optimiser that the settings of a layer are meant for.
        var current = optimizer.kind
        if kind != optimizer.kind { optimizer = .standard(kind, for: method) }
        for layer in layers {
            let named = layer.optimizer
            current = named ?? current
            let isForAnother = current != kind
            let interval = targetInterval
            try layer.apply(to: &self) { name in
                if name == "optimizer" || name == "optimizer_epsilon" { return isForAnother }
                // A layer that names no optimiser can only mean the one that a constant belongs to.
                let belongsToOptimizer = ConfigurationKey.ofOptimizer.values.contains { $0.contains(name) }
                return belongsToOptimizer && named != nil && isForAnother
            }
            // Munchausen learning selects no action; Double DQN may be the preset's choice.
            if layer.values["munchausen"] == .bool(true), layer.values["double"] == nil { doubleDQN = false }
            if targetInterval != interval, layer.values["target_rate"] == nil { targetRate = 1 }
        }
    }
}
