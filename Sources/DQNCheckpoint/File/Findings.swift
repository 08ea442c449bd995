internal import DQNModel

/// Why a file is read: determines how much is checked and what happens to parts that break a rule.
///
/// Loading, verifying and repairing share one decoder, so that they never disagree about a file.
enum ReadingPurpose: Equatable {
    /// Reads everything and throws the first broken rule.
    case loading
    /// Like loading, without the replay columns that this library gives no meaning.
    case resuming
    /// Like loading, but leaves replays in the file, from which they are written to another one. If they are copied,
    /// checks the rules of their elements.
    case copying(replays: Bool)
    /// Records broken rules, and keeps only what rules need. Unless `deep`, it reads the replay columns of a sealed file
    /// that rules restrict, up to ``Findings/sampledBytes``. Of the others it checks that their chunks exist, but does
    /// not inflate them, since the seal covers their bytes.
    case verifying(deep: Bool)
    /// Records broken rules and keeps every other part.
    case salvaging
}

/// The parts of a file that break a rule, in reading order.
///
/// It belongs to one reader and stays on its thread.
final class Findings {
    /// A part that breaks a rule.
    struct Finding: Sendable {
        /// The path of the group or dataset.
        let part: String
        let error: CheckpointError
    }

    /// The number of failures of one rule that are reported individually.
    private static let limit = 16

    private(set) var all: [Finding] = []
    /// Inflated bytes of replay columns that verifying without `deep` may still read.
    var sampledBytes = Double(1 << 28)
    /// Paths of datasets that have been read or were unreadable.
    var examined: Set<String> = []
    /// Bytes of the documents read so far.
    var documentBytes = 0
    /// Bytes of the replay columns read into memory so far, and their chunks.
    var (replayBytes, replayChunks) = (0, 0)

    func note(_ part: String, _ error: CheckpointError) { all.append(Finding(part: part, error: error)) }

    /// The failures to report: each once, and a limited number per rule.
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
    /// Reads a part of the file. If broken rules are recorded rather than thrown, returns `nil` for a part that breaks
    /// one.
    ///
    /// - Parameter path: The group or dataset of the part.
    func part<Value>(
        _ path: String, _ body: (borrowing ContainerReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value? {
        do throws(CheckpointError) { return try body(self) } catch {
            if !recordsFindings { throw error }
            findings.note(path, error)
            return nil
        }
    }

    private var recordsFindings: Bool {
        switch purpose {
        case .loading, .resuming, .copying: false
        case .verifying, .salvaging: true
        }
    }

    /// What happens to the elements of replay columns.
    enum ReplayUse {
        /// They are kept in memory.
        case keep
        /// They are read and checked, a few chunks at a time.
        case check
        /// They are checked as far as rules need them, and stay in the file to be read again.
        case leave
        /// They are only located, except for small columns that rules restrict.
        case sample
        /// They are only located.
        case locate
    }

    /// What happens to the elements of replay columns.
    var replayUse: ReplayUse {
        switch purpose {
        case .loading, .resuming, .salvaging: .keep
        case .copying(let replays): replays ? .leave : .locate
        case .verifying(let deep): layout == .plain || deep ? .check : .sample
        }
    }

    /// Whether verifying without `deep` reads the elements of some replay columns: small ones always are, because rules
    /// restrict them.
    func samples(_ columns: [Manifest.Entry]) -> Bool {
        let bytes = columns.reduce(0.0) { $0 + Double($1.bytesPerRow) * Double($1.shape.first ?? 0) }
        guard bytes <= findings.sampledBytes else { return false }
        findings.sampledBytes -= bytes
        return true
    }

    /// Whether rule 22 applies: it came with sealed files, and recovered state is written to one. Only if asked for does
    /// it apply to what another program's method has stored.
    ///
    /// - Parameter isBuiltIn: Whether the configured method is one of this library.
    func checksEpisodes(ofBuiltInMethod isBuiltIn: Bool) -> Bool {
        purpose == .salvaging || layout == .sealed && (isBuiltIn || purpose == .verifying(deep: true))
    }
}
