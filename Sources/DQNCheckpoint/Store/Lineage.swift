package import Foundation

/// Where each checkpoint of a run came from: `lineage.jsonl`, a line for each save.
///
/// A line is `{"child":DIGEST,"parent":DIGEST,"why":WORD}`, the digests those that ``CheckpointSummary/digest`` gives.
/// The checkpoints themselves record nothing of it, so that equal states give equal files however often a run was
/// resumed. The file is for people: nothing depends on it, and a kill may keep a line from it.
package struct Lineage: Sendable {
    /// Why there is a checkpoint.
    package enum Reason: String, Sendable, Codable {
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
        private enum CodingKeys: String, CodingKey { case child, parent, why }
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
    package init(_ url: URL, resumedFrom parent: String?) {
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
        do {
            if !FileManager.default.fileExists(atPath: url.path) { try Data().write(to: url) }
            let file = try FileHandle(forUpdating: url)
            defer { try? file.close() }
            let end = try file.seekToEnd()
            var isWhole = end == 0
            if end > 0 {
                try file.seek(toOffset: end - 1)
                isWhole = try file.read(upToCount: 1) == Data("\n".utf8)
            }
            // A kill may have cut the last line off; the next must not be lost with it.
            try file.write(contentsOf: (isWhole ? Data() : Data("\n".utf8)) + bytes)
            return nil
        } catch { return "\(url.lastPathComponent) could not be written: \(error.localizedDescription)" }
    }
}
