internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A new file that appears under its name only when it is complete. Until then it has a unique name, `NAME.….tmp`.
final class RecordingFile {
    let url: URL
    /// The temporary file.
    let temporary: URL
    private let handle: FileHandle
    private var isOpen = true

    /// Creates the temporary file.
    ///
    /// - Throws: ``RecordingError``: `exists` or `inputOutput`.
    init(_ url: URL) throws(RecordingError) {
        self.url = url
        temporary = url.deletingLastPathComponent().appendingPathComponent(
            "\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp")
        try Self.refuseExisting(url)
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(url, SystemError(errno).description) }
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
    }

    /// Removes the temporary file. Does nothing after ``commit()``.
    func discard() {
        guard isOpen else { return }
        isOpen = false
        try? handle.close()
        unlink(temporary.path)
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
