internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A new file that appears under its name only when it is whole: until then `NAME.….tmp` beside it, a name of its own.
final class RecordingFile {
    let url: URL
    /// Where it is written.
    let temporary: URL
    private let handle: FileHandle
    private var isOpen = true

    /// Makes the temporary file.
    ///
    /// - Throws: ``RecordingError``: `exists` where there is something of that name, `inputOutput`.
    init(_ url: URL) throws(RecordingError) {
        self.url = url
        temporary = url.deletingLastPathComponent().appendingPathComponent(
            "\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp")
        try Self.refuseExisting(url)
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(url, String(cString: strerror(errno))) }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(RecordingError) {
        do { try handle.write(contentsOf: Data(bytes)) } catch { throw Self.failure(url, systemReason(error)) }
    }

    /// Gives the file its name.
    ///
    /// - Throws: ``RecordingError``: `exists` where something of that name has come to be there meanwhile;
    /// `inputOutput`.
    func commit() throws(RecordingError) {
        guard (try? handle.close()) != nil else { throw Self.failure(url, String(cString: strerror(errno))) }
        // A link takes no name that is taken, which renaming does; not every file system has links.
        if link(temporary.path, url.path) == 0 {
            unlink(temporary.path)
        } else {
            try Self.refuseExisting(url)
            guard rename(temporary.path, url.path) == 0 else {
                throw Self.failure(url, String(cString: strerror(errno)))
            }
        }
        isOpen = false
    }

    /// Removes what has been written; nothing after ``commit()``.
    func discard() {
        guard isOpen else { return }
        isOpen = false
        try? handle.close()
        unlink(temporary.path)
    }

    private static func refuseExisting(_ url: URL) throws(RecordingError) {
        // A link to nowhere is something, too.
        var status = stat()
        guard lstat(url.path, &status) != 0 else {
            throw RecordingError(
                code: .exists, message: "'\(url.path)' exists and would be overwritten; choose another --record file.")
        }
    }

    static func failure(_ url: URL, _ reason: String) -> RecordingError {
        RecordingError(
            code: .inputOutput,
            message: "'\(url.path)' cannot be written (\(reason)); make room or choose another place.")
    }
}
