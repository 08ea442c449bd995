import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
import Foundation

/// A checkpoint that the user names by its file, or by its run and `--which`.
enum CheckpointChoice {
    /// Checks the value of `--which`.
    static func validate(_ which: String) throws {
        guard CheckpointSelection(which) != nil else {
            throw ValidationError("--which \(which) is invalid; use latest, best or a number of agent steps.")
        }
    }

    /// Returns the file and what `body` reads from it. Reports newer damaged files of a run.
    static func read<Value>(
        _ path: String, _ argument: String, _ which: String, _ body: (URL) throws(CheckpointError) -> Value
    ) throws -> (url: URL, value: Value) {
        try CheckpointLocation.read(
            fileURL(path, argument), CheckpointSelection(which) ?? .latest,
            notice: { writeError("warning: \($0)") }, body)
    }

    /// Returns the file. Reports newer damaged files of a run.
    static func file(_ url: URL, _ which: String) throws -> URL {
        try CheckpointLocation.resolve(
            url, CheckpointSelection(which) ?? .latest, notice: { writeError("warning: \($0)") })
    }

    /// Returns the files that a path names: itself, or all checkpoints of a run.
    ///
    /// - Throws: `CheckpointError` (`missing`) for a directory without checkpoints.
    static func files(_ url: URL, namedBy path: String) throws -> [URL] {
        guard FileKind(url.path) == .directory else { return [url] }
        let files = try CheckpointStore(directory: CheckpointLocation.directory(of: url)).entries().map(\.url)
        if files.isEmpty {
            throw CheckpointError(
                code: .missing, message: "'\(path)' has no checkpoints; choose a run's directory or a checkpoint file.")
        }
        return files
    }

    /// Returns a file's name for the user, who named it or its run.
    static func name(of url: URL, namedBy path: String) -> String {
        guard let typed = try? fileURL(path, "PATH").path, url.path != typed, url.path.hasPrefix(typed) else {
            return path
        }
        let rest = url.path.dropFirst(typed.count).drop { $0 == "/" }
        return (path.hasSuffix("/") ? path : path + "/") + rest
    }
}

/// What `lineage.jsonl` records, in JSON output.
struct LineageOutput: Encodable {
    private struct Origin: Encodable {
        var path: String
        var digest: String?
        var agent_steps: Int?
    }
    private var saves: Int
    private var resumes: Int
    private var returns: Int
    private var origin: Origin?

    init(_ lineage: LineageSummary) {
        (saves, resumes, returns) = (lineage.saves, lineage.resumes, lineage.returns)
        origin = lineage.origin.map { Origin(path: $0.path, digest: $0.digest, agent_steps: $0.agentSteps) }
    }
}
