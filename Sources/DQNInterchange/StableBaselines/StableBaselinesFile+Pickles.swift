internal import DQNModel
internal import Foundation

/// The pickles within the settings, as far as they are made of names and values that are known. None is run.
extension StableBaselinesFile {
    /// Returns what a pickle of the settings holds, or `nil` if it mentions anything that is not in the table.
    static func object(_ value: JSONValue?, _ file: String) -> ForeignValue? {
        guard var reader = reader(value, file), let object = try? reader.value() else { return nil }
        return try? reader.foreign(object)
    }

    /// Returns the name of a class that a pickle mentions, such as `stable_baselines3.dqn.policies.DQNPolicy`, or `nil`
    /// for one that is pickled with its code.
    static func className(_ value: JSONValue?, _ file: String) -> String? {
        guard var reader = reader(value, file) else { return nil }
        reader.mentionsAnyName = true
        guard case .name(_, let name)? = try? reader.value() else { return nil }
        return name
    }

    private static func reader(_ value: JSONValue?, _ file: String) -> PickleReader? {
        guard let text = value?[":serialized:"]?.stringValue, let data = Data(base64Encoded: text) else { return nil }
        let bytes = Array(data)[...]
        return PickleReader(ByteReader(bytes, file), file, fileByteCount: bytes.count) { (_) throws(InterchangeError) in
            throw .malformed("\(file) refers to a storage outside its settings.")
        }
    }
}
