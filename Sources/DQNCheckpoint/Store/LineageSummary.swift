internal import DQNModel
internal import DQNSupport
package import Foundation

/// What `lineage.jsonl` of a run records, in short.
///
/// The file is informative and a stranger may have written it: lines that cannot be read are left out.
package struct LineageSummary: Sendable, Equatable {
    /// The state of another run that this one started from.
    package struct Origin: Sendable, Equatable {
        /// The path of the checkpoint or run, as the user named it.
        package let path: String
        /// Identifies the checkpoint: see ``CheckpointSummary/digest``.
        package let digest: String?
        /// The agent steps of its state.
        package let agentSteps: Int?
    }

    /// The checkpoints that the run has saved, those included that are deleted.
    package private(set) var saves = 0
    /// How often another process has continued the run.
    package private(set) var resumes = 0
    /// How often the run has returned to an earlier checkpoint.
    package private(set) var returns = 0
    /// What the run started from; `nil` for a run that started anew.
    package private(set) var origin: Origin?

    /// Reads the file of the run to which a checkpoint belongs, or a run's directory itself; `nil` if there is none.
    ///
    /// - Parameter path: A file in a run's directory of checkpoints, that directory, or the run's directory.
    package init?(near path: URL) {
        // A directory of checkpoints that does not lie in a run has no lineage.
        let folders = [path, path.deletingLastPathComponent()].filter { $0.lastPathComponent == "checkpoints" }
        let runs = [path] + folders.map { $0.deletingLastPathComponent() }
        let file = runs.map { $0.appendingPathComponent("lineage.jsonl") }.first { FileKind(entry: $0.path) == .file }
        guard let file else { return nil }
        self.init(contentsOf: file)
    }

    private init?(contentsOf url: URL) {
        var summary = LineageSummary()
        do {
            try FileLines.forEach(url.path) { line in
                guard let line, let value = try? JSONDecoder().decode(JSONValue.self, from: Data(line)) else { return }
                summary.add(value)
            }
        } catch { return nil }
        self = summary
    }

    private init() {}

    private mutating func add(_ line: JSONValue) {
        switch line["why"]?.stringValue {
        case "from":
            origin = Origin(
                path: line["path"]?.stringValue ?? "", digest: line["source"]?.stringValue,
                agentSteps: line["agent_steps"]?.integerValue)
        case "returned": returns += 1
        case let reason?:
            guard line["child"] != nil else { return }
            saves += 1
            if reason == Lineage.Reason.resumed.rawValue { resumes += 1 }
        case nil: break
        }
    }
}
