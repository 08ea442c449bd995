internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A file that a command is about to create.
package struct OutputFile {
    private let url: URL
    private let isOverwriting: Bool

    /// Checks, before any work, that the file may be created.
    ///
    /// - Parameters:
    ///   - path: the file's path as the user typed it.
    ///   - overwriting: whether an existing file may be replaced.
    ///   - inputs: the command's input files, which are never replaced.
    /// - Throws: `CheckpointError` (`exists`).
    package init(_ path: String, overwriting: Bool, inputs: [String]) throws {
        url = URL(fileURLWithPath: path).standardizedFileURL
        isOverwriting = overwriting
        let real = url.resolvingSymlinksInPath().path
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else { return }
        let isInput = inputs.contains { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path == real }
        if isInput || isDirectory.boolValue {
            let what = isInput ? "an input file" : "a directory"
            throw CheckpointError(
                code: .exists, message: "'\(path)' is \(what) and cannot be replaced; choose another name.")
        }
        if !overwriting {
            throw CheckpointError(
                code: .exists, message: "'\(path)' already exists; choose another name or replace it with --force.")
        }
    }

    /// Writes the file atomically.
    ///
    /// - Throws: `CheckpointError`: `exists` if another process has created the file in the meantime, or `inputOutput`.
    package func write(_ text: String) throws {
        if !isOverwriting, FileManager.default.fileExists(atPath: url.path) {
            throw CheckpointError(
                code: .exists, message: "'\(url.path)' was created in the meantime; choose another name.")
        }
        do { try Data(text.utf8).write(to: url, options: .atomic) } catch {
            throw CheckpointError(
                code: .inputOutput,
                message:
                    "Cannot write '\(url.path)' (\(systemReason(error))); free disk space or choose another directory.",
                underlying: error)
        }
    }
}
