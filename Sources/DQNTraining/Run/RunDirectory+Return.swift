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
    /// The directory receives the newer checkpoints, and copies of `config.json`, of the metrics, of the curve and of the
    /// events for TensorBoard. Nothing is deleted. A kill at any time leaves a run that continues from where it was or from the earlier checkpoint.
    ///
    /// - Returns: the directory and the number of checkpoints in it; `nil` if no checkpoint is newer.
    /// - Throws: ``TrainingError`` (`outputDirectory`) or `CheckpointError`; nothing has changed if the directory cannot
    ///   be filled.
    func keepAside(
        after step: Int, of store: CheckpointStore, _ events: EventFolder?
    ) throws -> (folder: URL, checkpoints: Int)? {
        guard try store.entries().contains(where: { $0.agentSteps > step }) else { return nil }
        var number = 1
        func folder() -> URL { url.appendingPathComponent("\(Self.asidePrefix)\(number)", isDirectory: true) }
        while FileKind(entry: folder().path) != .missing { number += 1 }
        let aside = RunDirectory(folder())
        do {
            try aside.createFolders()
            for record in Record.allCases where FileKind(entry: path(record)) != .missing {
                try Self.copy(url(record), to: aside.url(record))
            }
            try events?.copyFiles(to: aside)
            for folder in [aside.url.path, url.path] { try Directories.synchronise(folder) }
        } catch {
            // Copies only: the originals are in place.
            try? FileManager.default.removeItem(at: aside.url)
            throw error
        }
        return (aside.url, try store.moveFiles(newerThan: step, to: aside.checkpoints))
    }

    /// Reports returns to an earlier checkpoint that were killed before they were recorded, and records that.
    ///
    /// - Parameter step: the agent step that the run resumes from.
    /// - Returns: messages for the user.
    func reportInterruptedReturns(at step: Int) -> [String] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).filter {
            $0.hasPrefix(Self.asidePrefix) && Int($0.dropFirst(Self.asidePrefix.count)) != nil
                && FileKind(entry: url.appendingPathComponent($0).path) == .directory
        }
        guard !names.isEmpty else { return [] }
        var unrecorded = Set(names)
        try? FileLines.forEach(path(.lineage)) { line in
            guard let line = line.map({ Data($0) }) else { return }
            unrecorded = unrecorded.filter { line.range(of: Data("\"aside\":\"\($0)\"".utf8)) == nil }
        }
        return unrecorded.sorted().map { name in
            let aside = RunDirectory(url.appendingPathComponent(name, isDirectory: true))
            let count = (try? CheckpointStore(directory: aside.checkpoints).entries().count) ?? 0
            let event: [String: JSONValue] = [
                "why": .string("return_interrupted"), "agent_steps": .integer(Int64(step)), "aside": .string(name),
            ]
            let failure = Lineage.record(event, in: lineage).map { " (\($0))" } ?? ""
            let place = "'\(aside.url.path)'"
            return "a return to an earlier checkpoint was interrupted; the run continues from agent step \(step), and "
                + (count == 0
                    ? "\(place) holds copies alone, which may be deleted"
                    : "\(place) keeps \(count) of its checkpoints: repeat the return with --which STEP if you want it")
                + failure
        }
    }

    /// Copies a file durably.
    private static func copy(_ file: URL, to copy: URL) throws(TrainingError) {
        let original: RegularFile
        do throws(SystemError) { original = try RegularFile(file.path, followingLinks: false) } catch {
            throw TrainingError(
                code: .outputDirectory,
                message: "'\(file.path)' cannot be read (\(error)); make it readable, then return again.",
                underlying: error)
        }
        do throws(SystemError) { try AtomicFile.copy(original, to: copy.path) } catch {
            throw cannotWrite(copy.path, error)
        }
    }
}
