/// The name that a misspelled one most likely meant, or `nil` when none is near.
///
/// Near is an edit distance, letters compared without case, of at most a third of the longer name.
func nearestName(to text: String, among names: [String]) -> String? {
    let wanted = Array(text.lowercased())
    var best: (name: String, distance: Int)?
    for name in names {
        let candidate = Array(name.lowercased())
        let distance = editDistance(wanted, candidate)
        guard distance <= max(2, max(wanted.count, candidate.count) / 3) else { continue }
        if best.map({ distance < $0.distance }) ?? true { best = (name, distance) }
    }
    return best?.name
}

/// Insertions, removals and replacements that turn one text into another (Levenshtein 1966).
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in right.enumerated() {
            let replaced = diagonal + (character == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
        }
    }
    return row[right.count]
}
