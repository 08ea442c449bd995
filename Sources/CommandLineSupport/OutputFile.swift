internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A file that a command is about to make.
public struct OutputFile {
    private let url: URL
    private let isOverwriting: Bool

    /// Checks, before any work, that the file may be made.
    ///
    /// - Parameters:
    ///   - path: the file, as the user wrote it.
    ///   - overwriting: whether a file that is there may be replaced.
    ///   - inputs: what the command reads, and will not replace in any case.
    /// - Throws: ``DQNCheckpoint/CheckpointError`` (`exists`).
    public init(_ path: String, overwriting: Bool, inputs: [String]) throws {
        url = URL(fileURLWithPath: path).standardizedFileURL
        isOverwriting = overwriting
        let real = url.resolvingSymlinksInPath().path
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else { return }
        let isInput = inputs.contains { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path == real }
        if isInput || isDirectory.boolValue {
            let what = isInput ? "what is read" : "a directory"
            throw CheckpointError(
                code: .exists, message: "'\(path)' is \(what) and stays as it is; choose another name.")
        }
        if !overwriting {
            throw CheckpointError(
                code: .exists, message: "'\(path)' exists; choose another name, or replace it with --force.")
        }
    }

    /// Writes the file: all of it or nothing.
    ///
    /// - Throws: ``DQNCheckpoint/CheckpointError``: `exists` when a file has come to be there meanwhile, `inputOutput`.
    public func write(_ text: String) throws {
        if !isOverwriting, FileManager.default.fileExists(atPath: url.path) {
            throw CheckpointError(code: .exists, message: "'\(url.path)' has come to exist; choose another name.")
        }
        do { try Data(text.utf8).write(to: url, options: .atomic) } catch {
            throw CheckpointError(
                code: .inputOutput,
                message: "'\(url.path)' cannot be written (\(systemReason(error))); make room or choose another place.",
                underlying: error)
        }
    }
}
