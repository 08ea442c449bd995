package import DQNModel
internal import DQNSupport
package import Foundation

/// The parents of a run's checkpoints: `lineage.jsonl`, with one line per save.
///
/// A line is `{"child":DIGEST,"parent":DIGEST,"why":WORD}` with digests as in ``CheckpointSummary/digest``; if a resume
/// changed settings, `"changed":{KEY:VALUE}` holds the new values. Before them a line may record an event: the state of
/// another run that this one started from (`from`), or a return to an earlier checkpoint (`returned`). Checkpoints do not record their parents, so that equal
/// states produce identical files however often a run was resumed. The file is informative: nothing depends on it, and a
/// kill may lose its last line. An event before the first save is staged in an unfinished file, so that no kill loses it.
package struct Lineage: Sendable {
    /// How a checkpoint was created.
    package enum Reason: String, Sendable, Codable {
        /// The first checkpoint of a run.
        case started
        /// Training continued from the parent in the same process.
        case trained
        /// Training continued from the parent in another process.
        case resumed
        /// The parent's state with an evaluation that an interruption had prevented.
        case evaluated
    }

    private struct Line: Encodable {
        private enum CodingKeys: String, CodingKey { case changed, child, parent, why }
        var changed: [String: JSONValue]?
        var child: String
        var parent: String?
        var why: Reason
    }

    private let url: URL
    private var parent: String?
    private var next: Reason
    /// Settings that the resume changed, until a line holds them.
    private var changes: [String: JSONValue]
    /// An event that comes before the first save, until a line holds it.
    private var event: [String: JSONValue]?

    /// Creates a lineage that appends to a file, which need not exist.
    ///
    /// - Parameters:
    ///   - parent: The digest of the checkpoint that the run resumes from; `nil` for a new run.
    ///   - changes: New values of the settings that the resume changes, by key.
    package init(_ url: URL, resumedFrom parent: String?, changing changes: [String: JSONValue] = [:]) {
        self.url = url
        self.parent = parent
        self.changes = changes
        next = parent == nil ? .started : .resumed
    }

    /// Creates the lineage of a new run that starts from another run's state.
    ///
    /// - Parameters:
    ///   - parent: The digest of the checkpoint with this state; `nil` if there is none.
    ///   - event: What the run takes from it; the line comes before that of the first save.
    package init(_ url: URL, startedFrom parent: String?, event: [String: JSONValue]?) {
        self.init(url, resumedFrom: nil)
        self.parent = parent
        self.event = event
    }

    /// Appends a line about an event.
    ///
    /// - Returns: A message if the line could not be written.
    package static func record(_ event: [String: JSONValue], in url: URL) -> String? {
        line(JSONValue.object(event)).flatMap { append($0, to: url) }
    }

    private static func line(_ value: some Encodable) -> Data? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A setting may hold any text, and people read the file on a terminal.
        return (try? encoder.encode(value)).map { PrintableText.json($0) + Data("\n".utf8) }
    }

    /// Writes the event that comes before the first save into the unfinished file, unless a line holds it already.
    ///
    /// - Returns: A message if it could not be written.
    package func stageEvent() -> String? {
        guard let event, let line = Self.line(JSONValue.object(event)) else { return nil }
        let staged = AtomicFile.temporary(of: url.path)
        do throws(SystemError) {
            unlink(staged)
            let file = try RegularFile(staged, O_WRONLY | O_CREAT | O_EXCL, followingLinks: false)
            try AtomicFile.write(line, to: file.descriptor)
            return nil
        } catch { return Self.failure(url, error) }
    }

    /// Takes over an event that a killed process has staged before the first save.
    package static func restoreStagedEvent(of url: URL) {
        let staged = AtomicFile.temporary(of: url.path)
        guard FileKind(entry: url.path) == .missing,
            let line = try? RegularFile.contents(ofEntry: staged, limit: FileLines.lineLimit),
            line.last == UInt8(ascii: "\n")
        else { return }
        rename(staged, url.path)
    }

    /// Appends a line.
    ///
    /// - Returns: A message if the line could not be written.
    mutating func append(_ child: String, isReplacement: Bool) -> String? {
        let line = Line(
            changed: changes.isEmpty ? nil : changes, child: child, parent: parent,
            why: isReplacement && changes.isEmpty ? .evaluated : next)
        defer { (parent, next, changes, event) = (child, .trained, [:], nil) }
        guard let before = event.map({ Self.line(JSONValue.object($0)) }) ?? Data(), let bytes = Self.line(line)
        else { return nil }
        let failure = Self.append(before + bytes, to: url)
        if failure == nil, event != nil { unlink(AtomicFile.temporary(of: url.path)) }
        return failure
    }

    /// The most bytes of a file that is copied to be separated from its other names: months of saves.
    private static let byteLimit = 1 << 28

    private static func append(_ bytes: Data, to url: URL) -> String? {
        do throws(SystemError) {
            let file = try RegularFile(url.path, O_RDWR | O_CREAT | O_APPEND, followingLinks: false)
            // A kill may have truncated the last line; the next one must start a new line.
            let last = try file.read(1, at: max(file.byteCount - 1, 0)).last ?? UInt8(ascii: "\n")
            let lines = (last == UInt8(ascii: "\n") ? Data() : Data("\n".utf8)) + bytes
            if file.linkCount > 1 {
                // Its other names are copies of the run, or files that somebody else has linked here.
                try AtomicFile.write(try file.contents(limit: byteLimit) + lines, to: url.path, synchronising: false)
            } else {
                try AtomicFile.write(lines, to: file.descriptor)
            }
            return nil
        } catch { return failure(url, error) }
    }

    private static func failure(_ url: URL, _ error: SystemError) -> String {
        let kind = FileKind(entry: url.path)
        let reason =
            switch kind {
            case .link: "it is a symbolic link, and \(FileKind.linkRule)"
            case .directory, .special: "it is \(kind.words)"
            default: "\(error)"
            }
        return "\(url.lastPathComponent) could not be written: \(reason)"
    }
}
