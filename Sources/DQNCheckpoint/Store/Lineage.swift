public import Foundation

/// Where each checkpoint of a run came from: `lineage.jsonl`, a line for each save.
///
/// A line is `{"child":DIGEST,"parent":DIGEST,"why":WORD}`, the digests those that ``CheckpointSummary/digest`` gives.
/// The checkpoints themselves record nothing of it, so that equal states give equal files however often a run was
/// resumed. The file is for people: nothing depends on it, and a kill may keep a line from it.
public struct Lineage: Sendable {
    /// Why there is a checkpoint.
    public enum Reason: String, Sendable, Codable {
        /// It is a run's first.
        case started
        /// Training went on from the parent in the same process.
        case trained
        /// Training went on from the parent in another process.
        case resumed
        /// It is the parent's state with the evaluation that an interruption had kept from it.
        case evaluated
    }

    private struct Line: Encodable {
        var child: String
        var parent: String?
        var why: Reason
    }

    private let url: URL
    private var parent: String?
    private var next: Reason

    /// Goes on with a file, which need not be there.
    ///
    /// - Parameter parent: digest of the checkpoint that the run goes on from; `nil` for a new run.
    public init(_ url: URL, resumedFrom parent: String?) {
        self.url = url
        self.parent = parent
        next = parent == nil ? .started : .resumed
    }

    /// Adds a line.
    ///
    /// - Returns: what the user should know: that it could not be written.
    mutating func append(_ child: String, isReplacement: Bool) -> String? {
        let line = Line(child: child, parent: parent, why: isReplacement ? .evaluated : next)
        (parent, next) = (child, .trained)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let bytes = try? encoder.encode(line) + Data("\n".utf8) else { return nil }
        let descriptor = open(url.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count
        else { return "\(url.lastPathComponent) could not be written: \(String(cString: strerror(errno)))" }
        return nil
    }
}
