package import DQNModel
internal import DQNSupport
package import Foundation

/// The parents of a run's checkpoints: `lineage.jsonl`, with one line per save.
///
/// A line is `{"child":DIGEST,"parent":DIGEST,"why":WORD}` with digests as in ``CheckpointSummary/digest``; if a resume
/// changed settings, `"changed":{KEY:VALUE}` holds the new values. Before them a line may record an event: the state of
/// another run that this one started from (`from`), or a return to an earlier checkpoint (`returned`). Checkpoints do not record their parents, so that equal
/// states produce identical files however often a run was resumed. The file is informative: nothing depends on it, and a
/// kill may lose its last line.
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
        return (try? encoder.encode(value)).map { Data(PrintableText.json(Array($0))) + Data("\n".utf8) }
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
        return Self.append(before + bytes, to: url)
    }

    private static func append(_ bytes: Data, to url: URL) -> String? {
        do throws(SystemError) {
            let descriptor = open(url.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw SystemError(errno) }
            defer { close(descriptor) }
            // A kill may have truncated the last line; the next one must start a new line.
            let end = lseek(descriptor, 0, SEEK_END)
            var last = UInt8(ascii: "\n")
            if end > 0, pread(descriptor, &last, 1, end - 1) < 0 { throw SystemError(errno) }
            try AtomicFile.write((last == UInt8(ascii: "\n") ? Data() : Data("\n".utf8)) + bytes, to: descriptor)
            return nil
        } catch { return "\(url.lastPathComponent) could not be written: \(error)" }
    }
}
