package import Foundation

/// A file to which parts are appended, each completely or not at all.
package final class AppendedFile {
    private let file: RegularFile

    /// Opens a file, which must exist and must not be a symbolic link.
    package init(_ path: String) throws(SystemError) {
        file = try RegularFile(path, O_WRONLY | O_APPEND, followingLinks: false)
    }

    /// Appends a part, without a buffer. After an error, such as a full disk, the file is as it was: half a row would
    /// spoil the next one.
    package func append(_ part: Data) throws(SystemError) {
        let end = lseek(file.descriptor, 0, SEEK_END)
        do throws(SystemError) { try AtomicFile.write(part, to: file.descriptor) } catch {
            if end >= 0 { ftruncate(file.descriptor, end) }
            throw error
        }
    }
}
