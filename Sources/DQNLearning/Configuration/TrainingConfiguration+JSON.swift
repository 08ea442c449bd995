public import DQNModel
internal import DQNNetwork

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
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let key = try ConfigurationKey.named(name)
            guard (key.load ?? key.write)(&self, value) else { throw key.rejection(of: value) }
        }
    }

    /// Sets one key.
    ///
    /// Another `optimizer` gets its own default constants; set it before the constants that differ from these.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) for an unknown key, with the nearest key, and for an
    ///   invalid value, with the allowed values.
    public mutating func set(_ name: String, to value: JSONValue) throws(TrainingError) {
        let key = try ConfigurationKey.named(name)
        let kind = optimizer.kind
        guard key.write(&self, value) else { throw key.rejection(of: value) }
        if optimizer.kind != kind { optimizer = .standard(optimizer.kind, for: method) }
    }

    /// Sets one key from the text `key=value`. A value that is not JSON is a plain string.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) if there is no `=`; see also ``set(_:to:)``.
    package mutating func set(_ assignment: String) throws(TrainingError) {
        let (name, value) = try ConfigurationLayer.parse(assignment)
        try set(name, to: value)
    }

    static var notAnObject: TrainingError {
        TrainingError(code: .invalidConfiguration, message: "A configuration must be a JSON object of keys and values.")
    }
}
