public import DQNModel
public import Foundation

/// The checkpoints of a run: files `step-000000050000.h5` in one directory, named for their agent steps.
///
/// There are no pointer files: `latest` is the newest valid file by name, `best` the one whose own recorded
/// evaluation is highest. A committed file is never changed, a damaged one never deleted. Whoever writes or cleans up
/// locks the directory first, for as long as the store lives. Not thread-safe.
public final class CheckpointStore {
    /// One file of the store.
    public struct Entry: Sendable, Equatable {
        /// The file.
        public let url: URL
        /// Its agent steps, from its name.
        public let agentSteps: Int
    }

    /// What a commit did.
    public struct Receipt: Sendable {
        /// The file.
        public let url: URL
        /// What identifies it: see ``CheckpointSummary/digest``.
        package let digest: String
        /// What the user should know: files that could not be read or deleted.
        public internal(set) var notices: [String]
    }

    /// Compressed replay chunks are kept between saves up to one part in so many of the replays' bytes.
    package static let compressedShare = CompressedChunkCache.share

    /// The directory.
    package let directory: URL
    private let keepLast: Int
    /// Evaluations by file name: a committed file never changes, so that each is read once.
    private var evaluations: [String: Double?] = [:]
    /// What earlier saves compressed.
    private let cache = CompressedChunkCache()
    private var directoryLock: DirectoryLock?
    private var hasToldOfLock = false

    /// Opens a store on an existing directory.
    ///
    /// - Parameter keepLast: how many of the newest files are kept, at least one; the best file and the one just saved
    ///   are kept besides.
    /// - Throws: ``CheckpointError`` (`missing`) when there is no such directory.
    public init(directory: URL, keepLast: Int = .max) throws(CheckpointError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory), isDirectory.boolValue
        else {
            throw CheckpointError(code: .missing, message: "There is no directory '\(directory.path)'; check the path.")
        }
        self.directory = directory
        self.keepLast = max(keepLast, 1)
    }

    /// Takes the right to write here, and keeps it as long as the store lives; does nothing when it has it.
    ///
    /// - Throws: ``CheckpointError``: `locked` when another store has it, in this process or another; `inputOutput`.
    package func lock() throws(CheckpointError) {
        if directoryLock == nil { directoryLock = try DirectoryLock(directory) }
    }

    /// Gives the right to write here away.
    func unlock() { directoryLock = nil }

    /// The file name of a checkpoint.
    package static func fileName(agentSteps: Int) -> String {
        let digits = String(agentSteps)
        return "step-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".h5"
    }

    /// The files by rising agent steps; none is opened.
    ///
    /// - Throws: ``CheckpointError`` (`inputOutput`) when the directory cannot be read.
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
                code: .inputOutput, message: "The directory '\(directory.path)' cannot be read.", underlying: error)
        }
    }

    /// Saves a checkpoint durably under its agent steps, then deletes what the retention rule lets go.
    ///
    /// - Parameter replacing: whether a file of the same steps may be replaced, at once and whole: by the same state with the
    ///   evaluation that an interruption had kept from it.
    /// - Throws: ``CheckpointError``: `exists` when there is a file of the same steps, `locked`, `invalidState`,
    ///   `inputOutput`. Earlier files are untouched then.
    public func commit(_ checkpoint: Checkpoint, replacing: Bool = false) throws(CheckpointError) -> Receipt {
        try lock()
        let steps = checkpoint.counters.agentSteps
        let url = directory.appendingPathComponent(Self.fileName(agentSteps: steps))
        guard replacing || !FileManager.default.fileExists(atPath: url.path) else {
            throw CheckpointError(
                code: .exists,
                message: "'\(url.path)' exists, and a committed checkpoint is never replaced; move it away.")
        }
        // Whatever becomes of this, what is known of an older file of the name may be wrong.
        evaluations[url.lastPathComponent] = nil
        let digest = try checkpoint.write(
            to: url, overwriting: replacing, version: FormatVersion.current, cache: cache)
        evaluations[url.lastPathComponent] = .some(checkpoint.evaluation?.meanReturn)
        return Receipt(url: url, digest: digest, notices: lockNotice() + prune(keeping: url))
    }

    /// That the directory could not be locked, once.
    private func lockNotice() -> [String] {
        defer { hasToldOfLock = true }
        return hasToldOfLock ? [] : [directoryLock?.notice].compactMap(\.self)
    }

    /// Deletes files beyond the retention rule. Files that cannot be read are neither counted nor deleted.
    private func prune(keeping verified: URL) -> [String] {
        var notices: [String] = []
        guard let entries = try? entries() else { return ["'\(directory.path)' cannot be listed; nothing was deleted"] }
        if entries.count <= keepLast { return [] }
        var readable: [Entry] = []
        for entry in entries {
            do throws(CheckpointError) {
                _ = try evaluation(of: entry)
                readable.append(entry)
            } catch { notices.append("\(entry.url.lastPathComponent) is left alone: \(error)") }
        }
        let best = bestEntry(readable)
        for entry in readable.dropLast(keepLast) where entry != best && entry.url != verified {
            if unlink(entry.url.path) != 0 {
                notices.append("\(entry.url.path) could not be deleted: \(String(cString: strerror(errno)))")
            } else {
                evaluations[entry.url.lastPathComponent] = nil
            }
        }
        return notices
    }

    /// The mean return of a file's own evaluation, if it has one.
    private func evaluation(of entry: Entry) throws(CheckpointError) -> Double? {
        let name = entry.url.lastPathComponent
        if let known = evaluations[name] { return known }
        let value = try CheckpointSummary(contentsOf: entry.url).evaluation?.meanReturn
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
    /// The newest file that `read` takes, and what it made of it; `nil` where there is none.
    ///
    /// - Parameter passing: told of each newer file that is passed over, and why; it may end the search by throwing.
    func newest<Value>(
        _ read: (URL) throws(CheckpointError) -> Value,
        passing: (URL, CheckpointError) throws(CheckpointError) -> Void
    ) throws(CheckpointError) -> (url: URL, value: Value)? {
        for entry in try entries().reversed() {
            do throws(CheckpointError) { return (entry.url, try read(entry.url)) } catch {
                try passing(entry.url, error)
            }
        }
        return nil
    }

    /// The file with the highest own evaluation; ties go to the earliest.
    ///
    /// - Throws: ``CheckpointError`` (`missing`) when no file holds an evaluation.
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
                    "No checkpoint in '\(directory.path)' holds an evaluation; use the latest, or train with evaluations."
            )
        }
        return best.url
    }

    /// Makes the directory ready to go on from: removes what a kill left half written, renames damaged newer files to
    /// `*.damaged`, and gives the newest valid checkpoint.
    ///
    /// - Parameter notice: told of everything that was removed or renamed, and why.
    /// - Throws: ``CheckpointError`` when the directory cannot be read or a file not be renamed; `locked` when somebody
    ///   else saves there.
    public func recoverLatest(
        notice: (String) -> Void
    ) throws(CheckpointError) -> (url: URL, checkpoint: Checkpoint)? {
        try lock()
        for name in try names().sorted() where name.hasPrefix("step-") && name.hasSuffix(DurableFile.temporaryEnding) {
            if unlink(directory.appendingPathComponent(name).path) == 0 {
                notice("\(name) was never finished (the program was killed while saving) and is removed")
            }
        }
        var damaged: [(url: URL, why: String)] = []
        let newest = try self.newest(Self.checkpoint) { (url, error) throws(CheckpointError) in
            // A file of a later version, or one that needs an extension, is whole: it is not this program's to move.
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

    private static func checkpoint(_ url: URL) throws(CheckpointError) -> Checkpoint { try Checkpoint(contentsOf: url) }

    private func quarantine(_ url: URL, _ why: String, _ notice: (String) -> Void) throws(CheckpointError) {
        var target = url.path + ".damaged"
        var number = 1
        while FileManager.default.fileExists(atPath: target) {
            number += 1
            target = url.path + ".\(number).damaged"
        }
        guard rename(url.path, target) == 0 else { throw DurableFile.failure("renamed to \(target)", url.path) }
        notice(
            "\(url.lastPathComponent) is damaged and now named \(URL(fileURLWithPath: target).lastPathComponent): \(why)"
        )
    }
}
