internal import DQNModel

/// What a file is read for: how much of it is looked at, and what becomes of a part that breaks a rule.
///
/// One decoder serves all of them, so that loading, verifying and repairing never disagree about a file.
enum ReadingPurpose: Equatable {
    /// All of it is wanted: the first broken rule is thrown.
    case loading
    /// Broken rules are noted, and nothing is kept that no rule is about. Unless `deep`, the replay chunks of a sealed
    /// file, for whose bytes the seal vouches, are found but not inflated.
    case verifying(deep: Bool)
    /// Broken rules are noted, and every other part is kept.
    case salvaging
}

/// The parts of a file that broke a rule, in the order in which a file is read.
///
/// Belongs to one reader and never leaves its thread.
final class Findings {
    /// A part that could not be taken, and why.
    struct Finding: Sendable {
        /// The path of its group or dataset.
        let part: String
        let error: CheckpointError
    }

    /// How many failures of one rule are named one by one.
    private static let limit = 16

    private(set) var all: [Finding] = []
    /// Paths of datasets whose content has been read, or could not be.
    var examined: Set<String> = []

    func note(_ part: String, _ error: CheckpointError) { all.append(Finding(part: part, error: error)) }

    /// What to report: each failure once, and of one rule no more than anybody reads.
    var failures: [CheckpointError] {
        var seen: Set<String> = []
        var counts: [Int: Int] = [:]
        var result: [CheckpointError] = []
        for error in all.map(\.error) where seen.insert(error.description).inserted {
            let count = error.rule.map { counts[$0, default: 0] } ?? 0
            if let rule = error.rule { counts[rule] = count + 1 }
            if count < Self.limit { result.append(error) }
        }
        for (rule, count) in counts.sorted(by: { $0.key < $1.key }) where count > Self.limit {
            result.append(
                CheckpointError(
                    code: .malformed, message: "\(count - Self.limit) more parts of the file break this rule.",
                    rule: rule))
        }
        return result
    }
}

extension ContainerReader {
    /// Reads a part of the file; where broken rules are noted instead of thrown, gives `nil` for one that breaks one.
    ///
    /// - Parameter path: the part's group or dataset.
    func part<Value>(
        _ path: String, _ body: (borrowing ContainerReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value? {
        do throws(CheckpointError) { return try body(self) } catch {
            if purpose == .loading { throw error }
            findings.note(path, error)
            return nil
        }
    }

    /// Whether the elements of replay columns are read, and not only looked for.
    var readsReplays: Bool { layout == .plain || purpose != .verifying(deep: false) }

    /// Whether rule 22 is asked for: it came with sealed files, and what is salvaged goes into one.
    var asksForEpisodes: Bool { purpose == .salvaging || layout == .sealed && purpose == .verifying(deep: true) }
}
