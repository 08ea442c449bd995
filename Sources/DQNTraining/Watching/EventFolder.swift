internal import DQNLearning
internal import DQNModel
internal import DQNReport
internal import DQNSupport
internal import Foundation

/// A directory with the event files of a run for TensorBoard.
///
/// A run has one file. Each process writes a new one, which repeats what the earlier one holds of the steps that the run
/// still has, and removes the earlier one. So a file never holds a step twice, whatever was killed, and a TensorBoard that
/// is running notices the change: the new file begins with the start of a session, at which it forgets what it has read.
/// Other files in the directory are left alone.
struct EventFolder {
    let url: URL
    /// Whether the directory lies in the run's own, so that every event file in it is the run's.
    private let isInRun: Bool
    /// The end of the names of the run's files.
    private let suffix: String

    private static let prefix = "events.out.tfevents."
    /// The file before it has its name. TensorBoard would read any file with `tfevents` in its name.
    private static let unfinished = "swift-dqn.new"

    /// The directory's name in a run's directory.
    static let name = "tensorboard"

    /// Describes a directory; creates nothing.
    ///
    /// - Parameter url: the directory; `nil` for the one in the run's directory.
    init(_ url: URL?, of run: RunDirectory) {
        let own = run.url.appendingPathComponent(Self.name, isDirectory: true)
        self.url = url ?? own
        isInRun = url.map { Self.canonical($0.path) == Self.canonical(own.path) } ?? true
        // Runs that write into the same directory are told apart by their paths.
        let mark = Self.canonical(run.url.path).utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        suffix = ".swift-dqn." + Self.padded(Int(mark))
    }

    /// Returns a path without symbolic links, also if its end does not exist yet.
    private static func canonical(_ path: String) -> String {
        var (parent, rest) = (URL(fileURLWithPath: path), "")
        while parent.path != "/" {
            if let found = CanonicalPath.find(parent.path) { return found + rest }
            rest = "/" + parent.lastPathComponent + rest
            parent.deleteLastPathComponent()
        }
        return rest
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(10 - digits.count, 0)) + digits
    }

    /// The run's event files, in order.
    var files: [URL] {
        names.filter { isInRun || $0.hasSuffix(suffix) }.map { url.appendingPathComponent($0) }
    }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [])
            .filter { $0.hasPrefix(Self.prefix) && $0.contains(".swift-dqn.") }.sorted()
    }

    /// Whether the run's files hold events of an agent step.
    var holdsRows: Bool {
        files.contains { (try? EventFile.outlines(of: $0.path).contains { $0.outline.step > 0 }) ?? true }
    }

    /// Whether a link takes the directory's place in the run's directory, which may come from somebody else.
    var isForbiddenLink: Bool { isInRun && FileKind(entry: url.path) == .link }

    /// Checks that the directory may be used, before anything is written.
    ///
    /// - Parameters:
    ///   - isNew: whether the run is new, so that the directory must not hold events of another one.
    ///   - beginsAgain: whether it begins again, so that events in its own directory are set aside.
    /// - Throws: ``TrainingError``: `outputDirectory` if it cannot be used.
    func validate(isNew: Bool, beginsAgain: Bool) throws(TrainingError) {
        if isForbiddenLink { throw refused("is a symbolic link; \(FileKind.linkRule): remove it") }
        let kind = FileKind(url.path)
        guard kind == .missing || kind == .directory else { throw refused("is \(kind.words), not a directory") }
        if !isInRun, names.contains(where: { !$0.hasSuffix(suffix) }) {
            // The ending of the names is made of the run's path.
            let remedy = isNew ? "" : "; if this run has been moved, end the files' names in '\(suffix)'"
            throw refused("holds the events of another run\(remedy)")
        }
        if isNew, !(isInRun && beginsAgain), holdsRows { throw refused("holds the events of an earlier run") }
        // The run's own directory is checked with the run.
        if !isInRun {
            do throws(SystemError) { try requireWritable() } catch { throw refused("cannot be written (\(error))") }
        }
    }

    /// Checks that files can be created in the directory, and leaves everything as it was.
    private func requireWritable() throws(SystemError) {
        var missing: [String] = []
        var folder = url
        while FileKind(folder.path) == .missing, folder.path != "/" {
            missing.append(folder.path)
            folder.deleteLastPathComponent()
        }
        defer { for path in missing { rmdir(path) } }
        try Directories.create(url.path)
        guard access(url.path, W_OK | X_OK) == 0 else { throw SystemError(errno) }
    }

    private func refused(_ reason: String) -> TrainingError {
        TrainingError(
            code: .outputDirectory,
            message: "'\(url.path)' \(reason); choose another directory with --tensorboard DIR.")
    }

    /// Writes a new file with earlier events, removes the earlier files, and opens the new one.
    ///
    /// - Parameters:
    ///   - beginning: the first records.
    ///   - parts: records, or the places of records in earlier files, in order.
    func replaceFiles(beginning: [SummaryEvent], _ parts: [EventFile.Part]) throws(SystemError) -> AppendedFile {
        try Directories.create(url.path)
        let (earlier, new) = (files, url.appendingPathComponent(Self.unfinished).path)
        try AtomicFile.write(to: new, synchronising: true, followingLinks: false) { (descriptor) throws(SystemError) in
            for event in beginning { try AtomicFile.write(Data(event.record), to: descriptor) }
            for part in parts { try part.write(to: descriptor) }
        }
        let newest = earlier.last.flatMap { Int($0.lastPathComponent.dropFirst(Self.prefix.count).prefix(10)) } ?? 0
        // Readers take the files of a directory in the order of their names.
        let number = max(Int(Date().timeIntervalSince1970), newest + 1)
        let path = url.appendingPathComponent(Self.prefix + Self.padded(number) + suffix).path
        guard rename(new, path) == 0 else { throw SystemError(errno) }
        for file in earlier where file.path != path { unlink(file.path) }
        return try AppendedFile(path)
    }

    /// Copies the run's files into another run's directory, before their later events are dropped.
    func copyFiles(to run: RunDirectory) throws(SystemError) {
        let copies = files
        if copies.isEmpty { return }
        let folder = EventFolder(nil, of: run).url
        try Directories.create(folder.path)
        for file in copies {
            try AtomicFile.copy(
                RegularFile(file.path, followingLinks: false),
                to: folder.appendingPathComponent(file.lastPathComponent).path)
        }
        try Directories.synchronise(folder.path)
    }
}
