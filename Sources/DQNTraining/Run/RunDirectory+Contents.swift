internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// What a directory holds before a run begins or resumes in it. Nothing that another program or the user wrote is ever
/// replaced or appended to.
extension RunDirectory {
    /// The files that a run writes beside its checkpoints.
    enum Record: String, CaseIterable {
        case configuration = "config.json"
        case metrics = "metrics.csv"
        case workers = "workers.csv"
        case curve = "curve.svg"
        case lineage = "lineage.jsonl"

        /// Whether a file that begins so was written by a run. An empty one may be what a power failure left.
        func isOwn(_ beginning: [UInt8]) -> Bool {
            if beginning.allSatisfy({ $0 == 0 }) { return true }
            let line = String(decoding: beginning.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            return switch self {
            // Its contents are checked when it is read.
            case .configuration: true
            case .metrics: line.split(separator: ",").contains("time/total_timesteps")
            case .workers: line.hasPrefix("time/total_timesteps,worker")
            case .curve: String(decoding: beginning.prefix(400), as: UTF8.self).contains("role=\"img\" font-family=")
            // A power failure may truncate lines, or leave zeros for them.
            case .lineage: "{\"".hasPrefix(line.drop { $0 == "\0" }.prefix(2))
            }
        }
    }

    /// More than the header of `metrics.csv`, which has a column for each layer of the network.
    static let beginningBytes = 1 << 16

    func url(_ record: Record) -> URL { url.appendingPathComponent(record.rawValue) }

    func path(_ record: Record) -> String { url(record).path }

    /// What `checkpoints/` holds.
    private enum Saved { case nothing, checkpoints, other(String) }

    private var saved: Saved {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
        var foreign: [String] = []
        for name in names {
            if name.hasPrefix("step-") {
                // What a killed save left is removed at the next start; all else is worth keeping.
                if !CheckpointStore.isUnfinished(name) { return .checkpoints }
            } else if !name.hasPrefix("."), name != "lost+found" {
                foreign.append(name)
            }
        }
        return foreign.min().map { .other($0) } ?? .nothing
    }

    /// Whether the directory holds a run.
    package var holdsRun: Bool {
        if FileKind(path(.configuration)) != .missing { return true }
        if case .nothing = saved { return false }
        return true
    }

    /// Whether the directory holds a run that ended before its first checkpoint was written: by a kill, or because the
    /// disk was full.
    func isUnsaved() -> Bool {
        guard case .nothing = saved else { return false }
        return FileKind(path(.configuration)) == .file && !hasLostCheckpoints
    }

    /// Whether the directory held checkpoints, of which it has none any more: the lineage is written after the first.
    var hasLostCheckpoints: Bool {
        guard case .nothing = saved else { return false }
        return (try? RegularFile.beginning(ofEntry: path(.lineage), bytes: 1))?.isEmpty == false
    }

    /// Checks that a new run may use the directory: that it is missing, or holds none of the names that a run uses, or
    /// only what a run left that was killed before its first checkpoint.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`), which names what is in the way.
    func requireFree() throws(TrainingError) {
        try requireNoLinks(remedy: "choose another --out")
        try requireDirectory(url.path)
        try requireDirectory(checkpoints.path)
        switch saved {
        case .nothing: break
        case .checkpoints: throw occupied("already holds a run")
        case .other(let name): throw Self.foreign(checkpoints.appendingPathComponent(name).path)
        }
        let present = Record.allCases.filter { FileKind(path($0)) != .missing }
        guard present.contains(.configuration) else {
            if let record = present.first { throw Self.foreign(path(record)) }
            return
        }
        guard FileKind(path(.configuration)) == .file, (try? readConfiguration()) != nil else {
            throw Self.foreign(path(.configuration))
        }
        if hasLostCheckpoints {
            throw TrainingError(
                code: .outputDirectory,
                message: "'\(url.path)' holds the records of a run without its checkpoints; choose another --out.")
        }
        for record in present where record != .configuration {
            guard let beginning = try? RegularFile.beginning(ofEntry: path(record), bytes: Self.beginningBytes),
                record.isOwn(beginning)
            else { throw Self.foreign(path(record)) }
            let isTable = record == .metrics || record == .workers
            guard isTable, Self.lineCount(beginning) <= 1 else {
                throw occupied("holds the \(record.rawValue) of a run without checkpoints")
            }
        }
    }

    static func lineCount(_ bytes: [UInt8]) -> Int { bytes.split(separator: UInt8(ascii: "\n")).count }

    private func occupied(_ what: String) -> TrainingError {
        TrainingError(
            code: .outputDirectory,
            message: "'\(url.path)' \(what); continue it with --resume '\(url.path)', or choose another --out.")
    }

    private static func foreign(_ path: String) -> TrainingError {
        TrainingError(
            code: .outputDirectory,
            message: "'\(path)' does not belong to a run and is never replaced; move it away, or choose another --out.")
    }

    private func requireDirectory(_ path: String) throws(TrainingError) {
        let kind = FileKind(path)
        guard kind != .missing, kind != .directory else { return }
        throw TrainingError(
            code: .outputDirectory, message: "'\(path)' is \(kind.words), not a directory; choose another --out.")
    }

    /// Checks that nothing that a run reads or writes in its directory is a symbolic link. Somebody else may have filled
    /// the directory, and a link in it leads to any file of the user.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`), which names the link.
    private func requireNoLinks(remedy: String) throws(TrainingError) {
        for path in [checkpoints.path] + Record.allCases.map(path) where FileKind(entry: path) == .link {
            throw TrainingError(
                code: .outputDirectory, message: "'\(path)' is a symbolic link; \(FileKind.linkRule): \(remedy).")
        }
    }

    /// Checks that the files that a resume rewrites or appends to were written by a run.
    ///
    /// - Throws: ``TrainingError`` (`outputDirectory`), which names the file.
    func requireOwnRecords() throws(TrainingError) {
        try requireNoLinks(remedy: "put what it leads to in its place, or remove it, then resume")
        for record in Record.allCases where FileKind(path(record)) != .missing {
            let reason: String
            do throws(SystemError) {
                let beginning = try RegularFile.beginning(ofEntry: path(record), bytes: Self.beginningBytes)
                if record.isOwn(beginning) { continue }
                reason = "does not belong to a run"
            } catch {
                let kind = FileKind(path(record))
                reason = kind == .file ? "cannot be read (\(error))" : "is \(kind.words)"
            }
            throw TrainingError(
                code: .outputDirectory,
                message: "'\(path(record))' \(reason) and is never replaced; move it away, then resume.")
        }
    }
}
