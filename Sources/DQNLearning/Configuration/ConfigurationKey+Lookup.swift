internal import DQNModel
internal import DQNSupport

extension ConfigurationKey {
    /// Returns the key of the given name.
    ///
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) with the nearest name.
    static func named(_ name: String) throws(TrainingError) -> ConfigurationKey {
        guard let key = all.first(where: { $0.name == name }) else {
            let remedy = NearestName.remedy(for: name, among: all.map(\.name))
            throw TrainingError(
                code: .invalidConfiguration, message: "Unknown configuration key '\(name)'; \(remedy)")
        }
        return key
    }

    /// The error for a value that the key does not allow.
    func rejection(of value: JSONValue) -> TrainingError {
        let text = (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
        return TrainingError(
            code: .invalidConfiguration, message: "Invalid value \(text) for '\(name)'; allowed: \(allowed).")
    }
}
