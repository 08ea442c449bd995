internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A new file that appears under its name only when it is complete. Until then it has a unique name, `NAME.….tmp`, and a
/// lock, by which the next recording of the same name knows what killed processes left.
final class RecordingFile {
    let url: URL
    /// The temporary file.
    let temporary: URL
    private let handle: FileHandle
    private var isOpen = true
    /// A signal that ends the program at once deletes the temporary file.
    private let unfinished: ProcessEnding.UnfinishedFile

    /// Creates the temporary file.
    ///
    /// - Throws: ``RecordingError``: `exists` or `inputOutput`.
    init(_ url: URL) throws(RecordingError) {
        self.url = url
        temporary = url.deletingLastPathComponent().appendingPathComponent(
            "\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp")
        try Self.refuseExisting(url)
        Self.removeLeftovers(of: url)
        unfinished = ProcessEnding.UnfinishedFile(temporary.path)
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let reason = SystemError(errno)
            unfinished.forget()
            throw Self.failure(url, reason.description)
        }
        // The file is in use as long as this process lives.
        flock(descriptor, LOCK_EX | LOCK_NB)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(RecordingError) {
        do { try handle.write(contentsOf: Data(bytes)) } catch { throw Self.failure(url, systemReason(error)) }
    }

    /// Renames the file to its final name.
    ///
    /// - Throws: ``RecordingError``: `exists` if another file has taken the name in the meantime; `inputOutput`.
    func commit() throws(RecordingError) {
        guard (try? handle.close()) != nil else { throw Self.failure(url, SystemError(errno).description) }
        // Unlike a rename, a link never replaces an existing file. Not every file system supports links.
        if link(temporary.path, url.path) == 0 {
            unlink(temporary.path)
        } else {
            try Self.refuseExisting(url)
            guard rename(temporary.path, url.path) == 0 else {
                throw Self.failure(url, SystemError(errno).description)
            }
        }
        isOpen = false
        unfinished.forget()
    }

    /// Removes the temporary file. Does nothing after ``commit()``.
    func discard() {
        guard isOpen else { return }
        isOpen = false
        try? handle.close()
        unlink(temporary.path)
        unfinished.forget()
    }

    /// Removes temporary files of the same recording that killed processes left.
    private static func removeLeftovers(of url: URL) {
        let folder = url.deletingLastPathComponent()
        let (beginning, ending) = ("\(url.lastPathComponent).", ".tmp")
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            let digits = name.dropFirst(beginning.count).dropLast(ending.count)
            guard name.hasPrefix(beginning), name.hasSuffix(ending), digits.count == 8,
                digits.allSatisfy({ $0.isHexDigit && !$0.isLowercase })
            else { continue }
            let path = folder.appendingPathComponent(name).path
            let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            close(descriptor)
        }
    }

    private static func refuseExisting(_ url: URL) throws(RecordingError) {
        // A broken symbolic link counts as existing.
        var status = stat()
        guard lstat(url.path, &status) != 0 else {
            throw RecordingError(
                code: .exists, message: "'\(url.path)' already exists; choose another file for --record.")
        }
    }

    static func failure(_ url: URL, _ reason: String) -> RecordingError {
        RecordingError(
            code: .inputOutput,
            message: "Cannot write '\(url.path)' (\(reason)); free disk space or choose another directory.")
    }
}
