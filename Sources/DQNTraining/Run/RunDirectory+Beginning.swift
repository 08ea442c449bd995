internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// Makes a directory ready for a new run.
extension RunDirectory {
    /// Creates the directories, locks them, checks once again that nothing is in the way, and removes or sets aside what
    /// a run left that ended before its first checkpoint.
    ///
    /// - Parameters:
    ///   - beginsAgain: whether the run that the directory holds begins again.
    ///   - notice: receives a message about everything removed or renamed.
    /// - Returns: the store of the run's checkpoints, which holds the lock.
    func prepare(keepLast: Int, beginsAgain: Bool, notice: (String) -> Void) throws -> CheckpointStore {
        try createFolders()
        let store = try CheckpointStore(directory: checkpoints, keepLast: keepLast)
        try store.lock()
        let isUnsaved = isUnsaved()
        // From here on the lock keeps others from starting a run; before, they may have.
        if !beginsAgain || !isUnsaved { try requireFree() }
        if isUnsaved {
            notice("'\(url.path)' holds a run that ended before its first checkpoint was written; it begins again")
        }
        try store.removeUnfinished(notice: notice)
        removeLeftovers(notice: notice)
        if beginsAgain { try setRecordsAside(notice: notice) }
        return store
    }

    /// Removes what killed processes left in the directory: unfinished files of this program.
    ///
    /// - Parameter notice: receives a message about each removed file.
    func removeLeftovers(notice: (String) -> Void) {
        for record in Record.allCases {
            let leftover = AtomicFile.temporary(of: path(record))
            if FileKind(entry: leftover) == .file, unlink(leftover) == 0 { notice(Self.removed(leftover)) }
        }
        // Releases before 0.1.0 let Foundation name unfinished files.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        for name in names.sorted() where name.hasPrefix(".dat.nosync") {
            let path = url.appendingPathComponent(name).path
            guard let beginning = try? RegularFile.beginning(ofEntry: path, bytes: Self.beginningBytes),
                Self.isUnfinishedRecord(beginning), unlink(path) == 0
            else { continue }
            notice(Self.removed(path))
        }
    }

    private static func removed(_ path: String) -> String {
        let name = URL(fileURLWithPath: path).lastPathComponent
        return "\(name) was unfinished (the program was killed while writing it) and has been removed"
    }

    /// Whether bytes are the beginning of one of the files that a run replaces.
    private static func isUnfinishedRecord(_ bytes: [UInt8]) -> Bool {
        bytes.isEmpty
            || ["{\n  \"compute\"", "time/total_timesteps,", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns="]
                .contains { beginning in
                    zip(bytes, beginning.utf8).allSatisfy(==)
                }
    }

    /// Keeps the rows of a run that begins again: renames the files to the first free `NAME.aside`, `NAME.2.aside`, ….
    ///
    /// - Parameter notice: receives a message about each renamed file.
    func setRecordsAside(notice: (String) -> Void) throws(TrainingError) {
        for record in Record.allCases where record != .configuration {
            let path = path(record)
            guard let beginning = try? RegularFile.beginning(ofEntry: path, bytes: Self.beginningBytes) else {
                continue
            }
            if record == .metrics || record == .workers, Self.lineCount(beginning) <= 1 { continue }
            try Self.setAside(path, notice: notice)
        }
        let events = EventFolder(nil, of: self)
        if events.holdsRows { try Self.setAside(events.url.path, notice: notice) }
    }

    private static func setAside(_ path: String, notice: (String) -> Void) throws(TrainingError) {
        var target = "\(path).aside"
        var number = 1
        while FileKind(entry: target) != .missing {
            number += 1
            target = "\(path).\(number).aside"
        }
        guard rename(path, target) == 0 else { throw cannotWrite(target, SystemError(errno)) }
        let (old, new) = (URL(fileURLWithPath: path), URL(fileURLWithPath: target))
        notice("\(old.lastPathComponent) is now named \(new.lastPathComponent)")
    }
}
