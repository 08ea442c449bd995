internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
package import Foundation

/// A file that a command is about to create.
package struct OutputFile {
    /// The file.
    package let url: URL
    private let isOverwriting: Bool

    /// Checks, before any work, that the file may be created.
    ///
    /// - Parameters:
    ///   - path: the file's path as the user typed it.
    ///   - argument: the option or argument that names it.
    ///   - overwriting: whether an existing file may be replaced.
    ///   - inputs: the command's input files, which are never replaced.
    /// - Throws: `CheckpointError`: `exists`, or `inputOutput` if there is no directory for it; ``PathError``.
    package init(_ path: String, _ argument: String, overwriting: Bool, inputs: [String] = []) throws {
        url = try fileURL(path, argument)
        isOverwriting = overwriting
        let kind = FileKind(url.path)
        if kind == .missing {
            try requireDirectory(of: path)
            return
        }
        let identity = FileIdentity(url.path)
        let isInput = identity != nil && inputs.contains { FileIdentity($0) == identity }
        if isInput || kind != .file {
            let what = isInput ? "an input file" : kind.words
            throw CheckpointError(
                code: .exists, message: "'\(path)' is \(what) and cannot be replaced; choose another name.")
        }
        if !overwriting {
            throw CheckpointError(
                code: .exists, message: "'\(path)' already exists; choose another name or replace it with --force.")
        }
    }

    private func requireDirectory(of path: String) throws(CheckpointError) {
        let directory = url.deletingLastPathComponent().path
        let kind = FileKind(directory)
        if kind == .directory { return }
        let reason = kind == .missing ? "does not exist; create it first" : "is \(kind.words); choose another one"
        throw CheckpointError(
            code: .inputOutput, message: "'\(path)' cannot be created: the directory '\(directory)' \(reason).")
    }

    /// Writes the file atomically.
    ///
    /// - Throws: `CheckpointError`: `exists` if another process has created the file in the meantime, or `inputOutput`.
    package func write(_ text: String) throws { try write(Data(text.utf8)) }

    /// Writes bytes like ``write(_:)-(String)``.
    package func write(_ contents: Data) throws {
        if !isOverwriting, FileManager.default.fileExists(atPath: url.path) {
            throw CheckpointError(
                code: .exists, message: "'\(url.path)' was created in the meantime; choose another name.")
        }
        do throws(SystemError) { try AtomicFile.write(contents, to: url.path, followingLinks: true) } catch {
            throw CheckpointError(
                code: .inputOutput,
                message:
                    "Cannot write '\(url.path)' (\(error)); free disk space or choose another directory.",
                underlying: error)
        }
    }
}
