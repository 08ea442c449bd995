internal import DQNCheckpoint
internal import DQNLearning
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
            for (file, copy) in [
                (configurationFile, aside.configurationFile), (metrics, aside.metrics), (workers, aside.workers),
                (curve, aside.curve), (lineage, aside.lineage),
            ] where FileManager.default.fileExists(atPath: file.path) {
                try Self.copy(file, to: copy)
            }
            for folder in [aside.url, url] { try Self.synchronise(folder) }
        } catch {
            // Copies only: the originals are in place.
            try? FileManager.default.removeItem(at: aside.url)
            throw error
        }
        return (aside.url, try store.moveFiles(newerThan: step, to: aside.checkpoints))
    }

    /// Copies a file and flushes the copy to disk.
    private static func copy(_ file: URL, to copy: URL) throws(TrainingError) {
        do {
            try FileManager.default.copyItem(at: file, to: copy)
            let handle = try FileHandle(forUpdating: copy)
            defer { try? handle.close() }
            try handle.synchronize()
        } catch { throw cannotWrite(copy, error) }
    }
}
