internal import DQNModel
internal import DQNSupport
package import Foundation

/// Which checkpoint of a run to use.
package enum CheckpointSelection: Sendable, Equatable {
    /// The newest valid one.
    case latest
    /// The one with the highest evaluation.
    case best
    /// The one at exactly this agent step.
    case step(Int)

    /// Parses `latest`, `best` or a number of agent steps; `nil` for anything else.
    package init?(_ text: String) {
        switch text {
        case "latest": self = .latest
        case "best": self = .best
        default:
            guard let step = Int(text), step >= 0 else { return nil }
            self = .step(step)
        }
    }
}

/// Finds the file for a path and a selection.
package enum CheckpointLocation {
    /// Returns the checkpoint file for a path: the file itself, or one in a run's directory or a directory of
    /// checkpoints.
    ///
    /// Changes nothing; skips damaged newest files and reports them.
    /// - Parameter notice: Receives a message about each skipped file.
    /// - Throws: ``CheckpointError`` (`missing`) if there is no such file.
    package static func resolve(
        _ path: URL, _ selection: CheckpointSelection, notice: (String) -> Void
    ) throws(CheckpointError) -> URL {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isDirectory) else {
            throw missing("There is no file or directory '\(path.path)'; check the path.")
        }
        guard isDirectory.boolValue else { return path }
        let store = try CheckpointStore(directory: directory(of: path))
        switch selection {
        case .latest:
            return try newest(of: store, path, notice: notice) { (url) throws(CheckpointError) in
                if let failure = Verifier.verify(url).failure { throw failure }
            }.url
        case .best: return try store.best(notice: notice)
        case .step(let step):
            let entries = try store.entries()
            guard let entry = entries.first(where: { $0.agentSteps == step }) else {
                let steps = entries.map { String($0.agentSteps) }.joined(separator: ", ")
                throw missing(
                    "'\(path.path)' has no checkpoint of agent step \(step); it has \(steps.isEmpty ? "none" : steps)."
                )
            }
            try CheckpointStore.requireFile(entry.url)
            return entry.url
        }
    }

    /// Returns the checkpoint file for a path and the result of `read` for it, in one pass; calling
    /// ``resolve(_:_:notice:)`` and then reading takes several.
    ///
    /// The latest file is the newest that `read` accepts. Parts that `read` ignores may break rules, unless there is a
    /// seal.
    /// - Parameter notice: Receives a message about each skipped file.
    /// - Throws: ``CheckpointError``: `missing` like ``resolve(_:_:notice:)``; `unknownExtension` if the newest file
    ///   requires another program; for a path to a file, what `read` throws.
    package static func read<Value>(
        _ path: URL, _ selection: CheckpointSelection, notice: (String) -> Void,
        _ read: (URL) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> (url: URL, value: Value) {
        var isDirectory: ObjCBool = false
        guard selection == .latest, FileManager.default.fileExists(atPath: path.path, isDirectory: &isDirectory),
            isDirectory.boolValue
        else {
            let url = try resolve(path, selection, notice: notice)
            return (url, try read(url))
        }
        return try newest(of: CheckpointStore(directory: directory(of: path)), path, notice: notice, read)
    }

    private static func newest<Value>(
        of store: CheckpointStore, _ path: URL, notice: (String) -> Void,
        _ read: (URL) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> (url: URL, value: Value) {
        let newest = try store.newest(read) { (url, error) throws(CheckpointError) in
            // The file is intact; an older one would need the same extension.
            if error.code == .unknownExtension { throw error }
            notice("\(url.lastPathComponent) cannot be used: \(error)")
        }
        guard let newest else {
            throw missing("'\(path.path)' has no valid checkpoint; choose a run's directory or a checkpoint file.")
        }
        return newest
    }

    /// Returns the directory of checkpoints in a run's directory, or the directory itself if it is one of checkpoints.
    ///
    /// `path` may be a symbolic link, since the user has named it; `checkpoints` in it may not.
    /// - Throws: ``CheckpointError`` (`missing`) for such a link.
    package static func directory(of path: URL) throws(CheckpointError) -> URL {
        let inner = path.appendingPathComponent("checkpoints", isDirectory: true)
        switch FileKind(entry: inner.path) {
        case .missing: return path
        case .link:
            throw missing(
                "'\(inner.path)' is a symbolic link; \(FileKind.linkRule): name the directory of checkpoints that it "
                    + "leads to instead.")
        default: return inner
        }
    }

    private static func missing(_ message: String) -> CheckpointError {
        CheckpointError(code: .missing, message: message)
    }
}
