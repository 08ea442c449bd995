internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Foundation

extension RunDirectory {
    /// The name of a directory that keeps what is newer than the checkpoint that a run has returned to.
    private static let asidePrefix = "aside-"

    /// Moves what is newer than a checkpoint into a new directory, `aside-1`, `aside-2`, …
    ///
    /// The directory receives the newer checkpoints, and copies of `config.json`, of the metrics and of the curve. Nothing
    /// is deleted. A kill at any time leaves a run that continues from where it was or from the earlier checkpoint.
    ///
    /// - Returns: the directory and the number of checkpoints in it; `nil` if no checkpoint is newer.
    /// - Throws: ``TrainingError`` (`outputDirectory`) or `CheckpointError`; nothing has changed if the directory cannot
    ///   be filled.
    func keepAside(after step: Int, of store: CheckpointStore) throws -> (folder: URL, checkpoints: Int)? {
        guard try store.entries().contains(where: { $0.agentSteps > step }) else { return nil }
        var number = 1
        func folder() -> URL { url.appendingPathComponent("\(Self.asidePrefix)\(number)", isDirectory: true) }
        while FileManager.default.fileExists(atPath: folder().path) { number += 1 }
        let aside = RunDirectory(folder())
        do {
            try aside.createFolders()
            for record in Record.allCases where FileManager.default.fileExists(atPath: path(record)) {
                try Self.copy(url(record), to: aside.url(record))
            }
            for folder in [aside.url.path, url.path] { try AtomicFile.synchronise(folder: folder) }
        } catch {
            // Copies only: the originals are in place.
            try? FileManager.default.removeItem(at: aside.url)
            throw error
        }
        return (aside.url, try store.moveFiles(newerThan: step, to: aside.checkpoints))
    }

    /// Copies a file durably.
    private static func copy(_ file: URL, to copy: URL) throws(TrainingError) {
        let contents: Data
        do { contents = try Data(contentsOf: file) } catch {
            throw TrainingError(
                code: .outputDirectory,
                message: "'\(file.path)' cannot be read (\(systemReason(error))); make it readable, then return again.",
                underlying: error)
        }
        do throws(SystemError) { try AtomicFile.write(contents, to: copy.path) } catch {
            throw cannotWrite(copy.path, error)
        }
    }
}
