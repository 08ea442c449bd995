public import DQNModel
internal import DQNSupport
public import Foundation

/// The checkpoints of a run: files in one directory, named after their agent steps, such as `step-000000050000.h5`.
///
/// There are no pointer files: `latest` is the newest valid file by name, `best` the one with the highest recorded
/// evaluation. The store never changes a committed file and never deletes a damaged one. Before it writes or removes
/// files it locks the directory for its lifetime. Not thread-safe.
public final class CheckpointStore {
    /// A file of the store.
    public struct Entry: Sendable, Equatable {
        /// The file.
        public let url: URL
        /// The agent steps in its name.
        public let agentSteps: Int
    }

    /// The result of a commit.
    public struct Receipt: Sendable {
        /// The file.
        public let url: URL
        /// Identifies the file: see ``CheckpointSummary/digest``.
        package let digest: String
        /// Messages for the user, for example about files that could not be read or deleted.
        public internal(set) var notices: [String]
    }

    /// Compressed replay chunks kept between saves use at most one part in this many of the replays' bytes.
    package static let compressedShare = CompressedChunkCache.share

    /// The directory.
    package let directory: URL
    private let keepLast: Int
    /// Evaluations by file name. A committed file never changes, so each is read only once.
    private var evaluations: [String: Double?] = [:]
    /// Compressed chunks of earlier saves.
    private let cache = CompressedChunkCache()
    private(set) var directoryLock: DirectoryLock?
    private var hasReportedLock = false

    /// Opens a store on an existing directory.
    ///
    /// - Parameter directory: The existing directory.
    /// - Parameter keepLast: How many of the newest files to keep, at least one; the best file and the one just saved
    ///   are also kept.
    /// - Throws: ``CheckpointError`` (`missing`) if there is no such directory.
    public init(directory: URL, keepLast: Int = .max) throws(CheckpointError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory), isDirectory.boolValue
        else {
            throw CheckpointError(code: .missing, message: "There is no directory '\(directory.path)'; check the path.")
        }
        self.directory = directory
        self.keepLast = max(keepLast, 1)
    }

    /// Locks the directory for the lifetime of the store; does nothing if it already holds the lock.
    ///
    /// - Throws: ``CheckpointError``: `locked` if another store holds the lock, in this process or another;
    ///   `inputOutput`.
    package func lock() throws(CheckpointError) {
        if directoryLock == nil { directoryLock = try DirectoryLock(directory) }
    }

    /// Locks the directory to which the path refers now, and then releases the lock on the earlier one.
    func lockAgain() throws(CheckpointError) { directoryLock = try DirectoryLock(directory) }

    /// Releases the lock.
    func unlock() { directoryLock = nil }

    /// Returns the file name of a checkpoint.
    package static func fileName(agentSteps: Int) -> String {
        let digits = String(agentSteps)
        return "step-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".h5"
    }

    /// Returns the files in order of agent steps, without opening them.
    ///
    /// - Throws: ``CheckpointError`` (`inputOutput`) if the directory cannot be read.
    public func entries() throws(CheckpointError) -> [Entry] {
        try names().compactMap { name in
            guard name.hasPrefix("step-"), name.hasSuffix(".h5"), let step = Int(name.dropFirst(5).dropLast(3)),
                name == Self.fileName(agentSteps: step)
            else { return nil }
            return Entry(url: directory.appendingPathComponent(name), agentSteps: step)
        }.sorted { $0.agentSteps < $1.agentSteps }
    }

    private func names() throws(CheckpointError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: directory.path) } catch {
            throw CheckpointError(
                code: .inputOutput,
                message:
                    "The directory '\(directory.path)' could not be read (\(systemReason(error))); check its permissions.",
                underlying: error)
        }
    }

    /// Saves a checkpoint durably under its agent steps, then deletes files that need not be kept.
    ///
    /// - Parameter checkpoint: The state; its agent steps are the name of the file.
    /// - Parameter replacing: Whether to replace a file of the same steps atomically, for example with the same state
    ///   and an evaluation that an interruption had prevented.
    /// - Throws: ``CheckpointError``: `exists` if there is a file of the same steps, `locked`, `invalidState`,
    ///   `inputOutput`. Earlier files are unchanged then.
    public func commit(_ checkpoint: Checkpoint, replacing: Bool = false) throws(CheckpointError) -> Receipt {
        try lock()
        let notices = try requireOwnDirectory()
        let steps = checkpoint.counters.agentSteps
        let url = directory.appendingPathComponent(Self.fileName(agentSteps: steps))
        guard replacing || FileKind(entry: url.path) == .missing else {
            throw CheckpointError(
                code: .exists,
                message: "'\(url.path)' exists, and a committed checkpoint is never replaced; move it away.")
        }
        // Even if the commit fails, the evaluation of an older file with this name may be outdated.
        evaluations[url.lastPathComponent] = nil
        let digest = try checkpoint.write(
            to: url, overwriting: replacing, version: FormatVersion.current, cache: cache)
        evaluations[url.lastPathComponent] = .some(checkpoint.evaluation?.meanReturn)
        return Receipt(url: url, digest: digest, notices: notices + lockNotice() + prune(keeping: url))
    }

    /// Returns, once, the message that the directory could not be locked.
    private func lockNotice() -> [String] {
        defer { hasReportedLock = true }
        return hasReportedLock ? [] : [directoryLock?.notice].compactMap(\.self)
    }

    /// Deletes files that need not be kept. Unreadable files are neither counted nor deleted.
    private func prune(keeping verified: URL) -> [String] {
        var notices: [String] = []
        guard let entries = try? entries() else {
            return ["'\(directory.path)' could not be listed; nothing was deleted"]
        }
        if entries.count <= keepLast { return [] }
        var readable: [Entry] = []
        for entry in entries {
            do throws(CheckpointError) {
                _ = try evaluation(of: entry)
                readable.append(entry)
            } catch { notices.append("\(entry.url.lastPathComponent) is kept: \(error)") }
        }
        let best = bestEntry(readable)
        for entry in readable.dropLast(keepLast) where entry != best && entry.url != verified {
            if unlink(entry.url.path) != 0 {
                notices.append("\(entry.url.path) could not be deleted: \(SystemError(errno))")
            } else {
                evaluations[entry.url.lastPathComponent] = nil
            }
        }
        return notices
    }

    /// Returns the mean return of a file's evaluation, if it has one.
    private func evaluation(of entry: Entry) throws(CheckpointError) -> Double? {
        let name = entry.url.lastPathComponent
        if let known = evaluations[name] { return known }
        let value = try Self.readGuarded(entry.url) { (url) throws(CheckpointError) in
            try CheckpointSummary(contentsOf: url).evaluation?.meanReturn
        }
        evaluations[name] = .some(value)
        return value
    }

    private func bestEntry(_ entries: [Entry]) -> Entry? {
        var best: (entry: Entry, value: Double)?
        for entry in entries {
            guard let value = evaluations[entry.url.lastPathComponent] ?? nil else { continue }
            if best.map({ value > $0.value }) ?? true { best = (entry, value) }
        }
        return best?.entry
    }
}

extension CheckpointStore {
    /// Returns the newest file that `read` accepts and its result; `nil` if there is none. A file that has crashed a
    /// program before is skipped.
    ///
    /// - Parameter passing: Receives each skipped newer file and its error; it may throw to end the search.
    func newest<Value>(
        _ read: (URL) throws(CheckpointError) -> Value,
        passing: (URL, CheckpointError) throws(CheckpointError) -> Void
    ) throws(CheckpointError) -> (url: URL, value: Value)? {
        for entry in try entries().reversed() {
            do throws(CheckpointError) { return (entry.url, try Self.readGuarded(entry.url, read)) } catch {
                try passing(entry.url, error)
            }
        }
        return nil
    }

    /// Returns the file with the highest evaluation; the earliest of equal ones.
    ///
    /// - Throws: ``CheckpointError`` (`missing`) if no file has an evaluation.
    package func best(notice: (String) -> Void) throws(CheckpointError) -> URL {
        var readable: [Entry] = []
        for entry in try entries() {
            do throws(CheckpointError) {
                _ = try evaluation(of: entry)
                readable.append(entry)
            } catch { notice("\(entry.url.lastPathComponent) cannot be used: \(error)") }
        }
        guard let best = bestEntry(readable) else {
            throw CheckpointError(
                code: .missing,
                message:
                    "No checkpoint in '\(directory.path)' has an evaluation; use the latest, or train with evaluations."
            )
        }
        return best.url
    }

    /// Prepares the directory for a resume: removes files left by a killed save, renames damaged newer files to
    /// `*.damaged`, and returns the newest valid checkpoint.
    ///
    /// A file that has crashed a program that read it counts as damaged.
    /// - Parameter notice: Receives a message about everything removed or renamed.
    /// - Throws: ``CheckpointError``: `inputOutput` if the directory cannot be read or a file renamed; `locked` if
    ///   another store holds the lock.
    public func recoverLatest(
        notice: (String) -> Void
    ) throws(CheckpointError) -> (url: URL, checkpoint: Checkpoint)? {
        try removeUnfinished(notice: notice)
        var damaged: [(url: URL, why: String)] = []
        let newest = try self.newest(Self.checkpoint) { (url, error) throws(CheckpointError) in
            // A file of a later version, or one that requires an extension, is not damaged and must not be moved.
            guard error.code == .malformed else { throw error }
            damaged.append((url, "\(error)"))
        }
        guard let newest else {
            for (url, why) in damaged { notice("\(url.lastPathComponent) cannot be used: \(why)") }
            return nil
        }
        for (url, why) in damaged { try quarantine(url, why, notice) }
        return (newest.url, newest.value)
    }

    /// Whether a name is that of a file whose save has not ended.
    package static func isUnfinished(_ name: String) -> Bool {
        name.hasPrefix("step-") && name.hasSuffix(DurableFile.temporaryEnding)
    }

    /// Removes files left by a killed save.
    ///
    /// - Parameter notice: Receives a message about each removed file.
    /// - Throws: ``CheckpointError``: `inputOutput`; `locked` if another store holds the lock.
    package func removeUnfinished(notice: (String) -> Void) throws(CheckpointError) {
        try lock()
        for name in try names().sorted() where Self.isUnfinished(name) {
            if unlink(directory.appendingPathComponent(name).path) == 0 {
                notice("\(name) was unfinished (the program was killed while saving) and has been removed")
            }
        }
    }

    /// Reads a file of a store. One that someone has copied or renamed would hide the newer ones from every later resume.
    package static func checkpoint(_ url: URL) throws(CheckpointError) -> Checkpoint {
        let checkpoint = try Checkpoint(resuming: url)
        let steps = checkpoint.counters.agentSteps
        guard url.lastPathComponent == fileName(agentSteps: steps) else {
            throw CheckpointError(
                code: .malformed,
                message: "'\(url.path)' holds the state of agent step \(steps) under the name of another step; rename "
                    + "it to \(fileName(agentSteps: steps)).")
        }
        return checkpoint
    }

    private func quarantine(_ url: URL, _ why: String, _ notice: (String) -> Void) throws(CheckpointError) {
        var target = url.path + ".damaged"
        var number = 1
        while FileKind(entry: target) != .missing {
            number += 1
            target = url.path + ".\(number).damaged"
        }
        guard rename(url.path, target) == 0 else { throw DurableFile.failure("renamed to \(target)", url.path) }
        Self.removeCrashMark(of: url)
        let name = URL(fileURLWithPath: target).lastPathComponent
        notice("\(url.lastPathComponent) is damaged and now named \(name): \(why)")
    }
}
