/// Suggestions for misspelled names.
package enum NearestName {
    /// Names come from files and command lines of any size, and a comparison costs time and memory in proportion to the
    /// product of two lengths. Nobody misspells a name longer than this, in bytes.
    private static let lengthLimit = 256
    /// The maximum number of candidates to compare a name with, or to list.
    private static let candidateLimit = 1024

    /// Returns the candidate with the smallest edit distance (insert, delete, replace, swap neighbours), or `nil` if
    /// that distance exceeds a third of the name's length and two edits. Ignores names of more than 256 bytes, and
    /// candidates after the first 1,024.
    package static func suggestion(for name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= lengthLimit else { return nil }
        let limit = max(2, name.count / 3)
        let ranked = candidates.prefix(candidateLimit).filter { $0.utf8.count <= lengthLimit }.map {
            (name: $0, distance: distance(name.lowercased(), $0.lowercased()))
        }
        guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }), best.distance <= limit
        else { return nil }
        return best.name
    }

    /// Returns the end of an error message: `did you mean 'X'?` if there is a suggestion, `choose from …` otherwise.
    package static func remedy(for name: String, among candidates: [String]) -> String {
        if let suggestion = suggestion(for: name, among: candidates) { return "did you mean '\(suggestion)'?" }
        return "choose from \(candidates.prefix(candidateLimit).sorted().joined(separator: ", "))."
    }

    /// Returns the optimal string alignment distance; O(left × right).
    static func distance(_ left: String, _ right: String) -> Int {
        let a = Array(left)
        let b = Array(right)
        var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count { rows[i][0] = i }
        for j in 0...b.count { rows[0][j] = j }
        for i in stride(from: 1, through: a.count, by: 1) {
            for j in stride(from: 1, through: b.count, by: 1) {
                let replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                rows[i][j] = min(replaced, rows[i - 1][j] + 1, rows[i][j - 1] + 1)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
                }
            }
        }
        return rows[a.count][b.count]
    }
}
