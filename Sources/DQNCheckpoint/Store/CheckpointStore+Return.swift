internal import DQNSupport
package import Foundation

extension CheckpointStore {
    /// Moves all files that are newer than an agent step into another directory of the same file system.
    ///
    /// The newest file moves last. Until then the store's newest file is what it was, so a kill at any time leaves either
    /// the old or the new state to resume from, and no file is lost.
    ///
    /// - Returns: The number of files.
    /// - Throws: ``CheckpointError``: `locked` if another store holds the lock, `inputOutput` if a file cannot be moved.
    package func moveFiles(newerThan step: Int, to folder: URL) throws(CheckpointError) -> Int {
        try lock()
        let newer = try entries().filter { $0.agentSteps > step }
        for entry in newer {
            let target = folder.appendingPathComponent(entry.url.lastPathComponent).path
            guard rename(entry.url.path, target) == 0 else {
                throw DurableFile.failure("moved to '\(target)'", entry.url.path)
            }
        }
        for folder in [folder, directory] {
            do throws(SystemError) { try Directories.synchronise(folder.path) } catch {
                throw DurableFile.failure("recorded on the disk", folder.path, error)
            }
        }
        return newer.count
    }
}
