internal import DQNModel
package import Foundation

/// Which checkpoint of a run is meant.
package enum CheckpointSelection: Sendable, Equatable {
    /// The newest valid one.
    case latest
    /// The one with the highest own evaluation.
    case best
    /// The one of exactly these agent steps.
    case step(Int)

    /// Reads `latest`, `best` or a number of agent steps; `nil` for anything else.
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

/// Finds the file that a path and a selection mean.
package enum CheckpointLocation {
    /// The checkpoint file of a path: the file itself, or one of a run's directory or of a directory of checkpoints.
    ///
    /// Reads only; a damaged newest file is passed over and said.
    /// - Parameter notice: told of each file that is passed over, and why.
    /// - Throws: ``CheckpointError`` (`missing`) when there is nothing there, or not the one that is meant.
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
                    "'\(path.path)' holds no checkpoint of agent step \(step); it holds \(steps.isEmpty ? "none" : steps)."
                )
            }
            return entry.url
        }
    }

    /// The checkpoint file of a path, and what `read` makes of it, in one pass where ``resolve(_:_:notice:)`` and reading
    /// afterwards take several.
    ///
    /// The latest file of a run is here the newest that `read` takes; what `read` does not look at may break rules, but not
    /// a seal.
    /// - Parameter notice: told of each file that is passed over, and why.
    /// - Throws: ``CheckpointError``: `missing` as ``resolve(_:_:notice:)``; `unknownExtension` for a newest file that
    ///   must be read by another program; for a file that is named, what `read` throws.
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
            // The file is sound; an older one would be no better.
            if error.code == .unknownExtension { throw error }
            notice("\(url.lastPathComponent) cannot be used: \(error)")
        }
        guard let newest else {
            throw missing("'\(path.path)' holds no valid checkpoint; name a run's directory or a checkpoint file.")
        }
        return newest
    }

    /// Where a run's directory keeps its checkpoints; the directory itself where it is one of checkpoints.
    package static func directory(of path: URL) -> URL {
        let inner = path.appendingPathComponent("checkpoints", isDirectory: true)
        return FileManager.default.fileExists(atPath: inner.path) ? inner : path
    }

    private static func missing(_ message: String) -> CheckpointError {
        CheckpointError(code: .missing, message: message)
    }
}
