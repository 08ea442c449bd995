internal import DQNModel
internal import Foundation

/// The shortest labels that distinguish groups of runs.
struct SeriesLabels {
    /// One unique label per group.
    let labels: [String]

    /// The largest number of settings in a label.
    private static let most = 3

    init(_ groups: [[String: JSONValue]]) {
        let names = groups.map(Self.name)
        var labels = groups.indices.map { index -> String in
            let alike = groups.indices.filter { names[$0] == names[index] }
            let keys = Self.distinguishingKeys(alike.map { groups[$0] })
            let settings = keys.map { "\($0)=\(Self.text(groups[index][$0]))" }
            return ([names[index]] + settings).joined(separator: ", ")
        }
        // Three settings may not distinguish all groups.
        for index in labels.indices {
            let earlier = labels[..<index].count { $0 == labels[index] || $0.hasPrefix(labels[index] + " #") }
            if earlier > 0 { labels[index] += " #\(earlier + 1)" }
        }
        self.labels = labels
    }

    private static func name(_ settings: [String: JSONValue]) -> String {
        let words = ["environment", "method"].compactMap { settings[$0]?.stringValue }
        return words.isEmpty ? "run" : words.joined(separator: " ")
    }

    /// Returns the keys in which groups differ. If there are more than three, returns as few keys as possible that
    /// distinguish the most groups. The preset comes first because it implies other settings.
    private static func distinguishingKeys(_ groups: [[String: JSONValue]]) -> [String] {
        let differing = Set(groups.flatMap(\.keys)).filter { key in groups.contains { $0[key] != groups[0][key] } }
        let keys = differing.sorted { ($0 == "preset" ? 0 : 1, $0) < ($1 == "preset" ? 0 : 1, $1) }
        guard keys.count > most else { return keys }
        var chosen: [String] = []
        while chosen.count < most, distinctCount(of: groups, by: chosen) < groups.count {
            let counts = keys.map { distinctCount(of: groups, by: chosen + [$0]) }
            guard let greatest = counts.max(), let index = counts.firstIndex(of: greatest) else { break }
            chosen.append(keys[index])
        }
        return chosen
    }

    /// Returns the number of groups that some keys distinguish.
    private static func distinctCount(of groups: [[String: JSONValue]], by keys: [String]) -> Int {
        Set(groups.map { group in keys.map { text(group[$0]) } }).count
    }

    private static func text(_ value: JSONValue?) -> String {
        guard let value else { return "none" }
        if let text = value.stringValue { return text }
        // Encoding fails only for a number that JSON cannot represent, and no stored configuration contains one.
        return (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)"
    }
}
