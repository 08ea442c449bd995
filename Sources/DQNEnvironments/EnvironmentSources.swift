/// The parts of ``EnvironmentSpecification/provenance`` that are digests of an environment's source. Unlike other parts,
/// they change with every edit.
package enum EnvironmentSources {
    /// The owner of the extension group in which checkpoints store the parts.
    package static let owner = "org.swift-dqn.environment"
    /// The version of that group's layout.
    package static let layout = 1
    /// The SHA-256 of a plug-in's file.
    package static let library = "plugin_file"
    /// The SHA-256 of each of the user's own Python modules, as ``text(_:)``.
    package static let modules = "python_modules"
    /// The names of these parts.
    package static let names = [library, modules]

    /// Returns digests by name as one text, sorted by name: `NAME DIGEST`, separated by commas.
    static func text(_ digests: [String: String]) -> String {
        digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private static func digests(_ text: String) -> [Substring: Substring] {
        let pairs = text.split(separator: ",").compactMap { entry -> (Substring, Substring)? in
            let words = entry.split(separator: " ")
            return words.count == 2 ? (words[0], words[1]) : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Describes how the source differs from a stored one; `nil` if it does not, or if either is unknown.
    package static func change(from stored: [String: String], to current: [String: String]) -> String? {
        if let old = stored[library], let new = current[library], old != new {
            return "the file of the plug-in is another one"
        }
        guard let old = stored[modules].map(digests), let new = current[modules].map(digests), old != new else {
            return nil
        }
        func list(_ names: some Sequence<Substring>, _ change: String) -> String? {
            let names = names.sorted()
            return names.isEmpty ? nil : "\(change) \(names.joined(separator: ", "))"
        }
        return [
            list(new.keys.filter { name in old[name].map { $0 != new[name] } ?? false }, "changed:"),
            list(new.keys.filter { old[$0] == nil }, "new:"), list(old.keys.filter { new[$0] == nil }, "gone:"),
        ].compactMap(\.self).joined(separator: "; ")
    }
}
