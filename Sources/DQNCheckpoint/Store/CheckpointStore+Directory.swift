internal import DQNModel
internal import DQNSupport
package import Foundation

extension CheckpointStore {
    /// Checks that the path still refers to the locked directory, since people move and delete directories of running
    /// programs. Creates a directory that has disappeared again, so that later states are not lost.
    ///
    /// - Returns: Messages for the user.
    /// - Throws: ``CheckpointError``: `inputOutput` if the path refers to a directory that holds checkpoints of another
    ///   run, or if the directory cannot be created; `locked` if another run uses it.
    func requireOwnDirectory() throws(CheckpointError) -> [String] {
        let path = directory.path
        switch directoryLock?.place(of: directory) {
        case .locked, nil: return []
        case .nothing:
            do { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) } catch {
                throw CheckpointError(
                    code: .inputOutput,
                    message: "'\(path)' has been moved or deleted since the program started, and could not be created "
                        + "again; move it back.",
                    underlying: error)
            }
            try lockAgain()
            return [
                "'\(path)' has been moved or deleted since the program started, and was created again: it will hold "
                    + "the newer checkpoints, not the earlier ones"
            ]
        case .another:
            guard try entries().isEmpty else {
                throw CheckpointError(
                    code: .inputOutput,
                    message: "'\(path)' holds the checkpoints of another run, because the directory of this run has "
                        + "been moved or deleted since the program started; move both back to where they were.")
            }
            try lockAgain()
            return ["'\(path)' has been replaced since the program started: earlier checkpoints are not there"]
        }
    }

    /// Checks that a file of the store is a regular file. Somebody else may have filled the directory: a symbolic link
    /// could lead to any file of the user, and reading a named pipe never ends.
    ///
    /// - Throws: ``CheckpointError`` (`malformed`).
    package static func requireFile(_ url: URL) throws(CheckpointError) {
        let kind = FileKind(entry: url.path)
        let rule: String
        switch kind {
        case .link: rule = FileKind.linkRule
        case .directory, .special: rule = "a checkpoint is a regular file"
        default: return
        }
        throw CheckpointError(
            code: .malformed,
            message: "'\(url.path)' is \(kind.words); \(rule): put the checkpoint itself in its place, or remove it.")
    }
}
