package import Foundation

/// A file to which parts are appended, each completely or not at all.
package final class AppendedFile {
    private let descriptor: Int32

    /// Opens a file, which must exist.
    package init(_ path: String) throws(SystemError) {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends a part, without a buffer. After an error, such as a full disk, the file is as it was: half a row would
    /// spoil the next one.
    package func append(_ part: Data) throws(SystemError) {
        let end = lseek(descriptor, 0, SEEK_END)
        do throws(SystemError) { try AtomicFile.write(part, to: descriptor) } catch {
            if end >= 0 { ftruncate(descriptor, end) }
            throw error
        }
    }
}
